// Answers that others have made, for the thread of a completion queue to send.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/wake_scope.h"
#include "grpc/reply_queue.h"

namespace flambeau {

// The library does least where one thread reads and writes; a send from elsewhere contends with it
// for the connection, wakes it and hands work to a third (docs/performance.md).
//
// Threads: Post and Wake from any, the others the queue's own. Lifetime: shared with whoever still
// owes it a wake-up; the queue is shut down after the last Post.
// Errors: none. Bounded by the calls in flight, of which the gate admits only so many.
class RpcOutbox final : public Sleeper, public std::enable_shared_from_this<RpcOutbox> {
 public:
  explicit RpcOutbox(grpc::CompletionQueue* queue) : queue_(queue) {}

  // From now on the calling thread is the queue's: what it posts is sent at the end of its turn.
  void Own() { owner_ = std::this_thread::get_id(); }
  void Post(std::shared_ptr<Reply> reply);
  void Wake() override;
  // Whether `event` of the queue is a wake-up, which means nothing else.
  bool TakeWakeUp(const void* event);
  // Whether a wake-up is still to come; until then the queue must not be shut down.
  bool AwaitsWakeUp();
  // What has been posted.
  void SendAll();

 private:
  grpc::CompletionQueue* const queue_;
  std::thread::id owner_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Reply>> replies_;
  std::vector<std::shared_ptr<Reply>> sending_;
  bool woken_ = false;  // an event is on its way
  grpc::Alarm alarm_;
};

}  // namespace flambeau
