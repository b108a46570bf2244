#include "grpc/reply_queue.h"

#include <utility>

namespace flambeau {

ReplyQueue::ReplyQueue(int threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back("grpc-reply", [this] { Run(); });
}

ReplyQueue::~ReplyQueue() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  posted_.notify_all();
}

void ReplyQueue::Post(std::shared_ptr<Reply> reply) {
  bool wake;
  {
    const std::lock_guard lock(mutex_);
    replies_.push_back(std::move(reply));
    wake = sleeping_ > 0;  // a thread that is awake looks again before it sleeps
  }
  if (wake) posted_.notify_one();
}

void ReplyQueue::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    while (replies_.empty() && !stopping_) {
      ++sleeping_;
      posted_.wait(lock);
      --sleeping_;
    }
    if (replies_.empty()) return;
    std::shared_ptr<Reply> reply = std::move(replies_.front());
    replies_.pop_front();
    lock.unlock();
    reply->Send();
    reply.reset();  // frees tensors: not under the lock
    lock.lock();
  }
}

}  // namespace flambeau
