// Answers are encoded and written here, so that a worker can go on with the next batch.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "base/thread.h"

namespace flambeau {

// Something to send once, on a thread of the queue.
class Reply {
 public:
  virtual ~Reply() = default;
  virtual void Send() = 0;
};

// Threads: Post from any; Send runs on one of the queue's own, named grpc-reply.
// Lifetime: the destructor sends what is left, then joins.
// Errors: none. Bounded by the calls in flight, of which the gate admits only so many.
class ReplyQueue {
 public:
  explicit ReplyQueue(int threads);
  ~ReplyQueue();

  void Post(std::shared_ptr<Reply> reply);

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<std::shared_ptr<Reply>> replies_;
  size_t sleeping_ = 0;
  bool stopping_ = false;
  std::vector<Thread> threads_;
};

}  // namespace flambeau
