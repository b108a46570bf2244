// The thread that asynchronous calls and their callbacks run on.
#pragma once

#include <grpcpp/completion_queue.h>

#include <thread>

namespace flambeau::client {

// Something that was begun on an EventLoop's queue, with itself as the tag.
class Event {
 public:
  virtual ~Event() = default;
  virtual void Proceed(bool ok) = 0;  // on the loop's thread
};

// Threads: any.
// Lifetime: nothing may be pending, nor be begun, once the destructor is called; it joins.
// Errors: none.
class EventLoop {
 public:
  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  grpc::CompletionQueue* queue() { return &queue_; }
  bool OnThread() const { return std::this_thread::get_id() == thread_.get_id(); }

 private:
  void Run();

  grpc::CompletionQueue queue_;
  std::thread thread_;
};

}  // namespace flambeau::client
