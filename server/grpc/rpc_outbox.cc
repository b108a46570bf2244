#include "grpc/rpc_outbox.h"

#include <grpc/support/time.h>

#include <optional>
#include <utility>

#include "grpc/gathered_writes.h"

namespace flambeau {

void RpcOutbox::Post(std::shared_ptr<Reply> reply) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    replies_.push_back(std::move(reply));
    if (!woken_ && std::this_thread::get_id() != owner_) wake = woken_ = true;
  }
  if (wake) WakeScope::Wake(shared_from_this());
}

void RpcOutbox::Wake() { alarm_.Set(queue_, gpr_inf_past(GPR_CLOCK_MONOTONIC), this); }

bool RpcOutbox::TakeWakeUp(const void* event) {
  if (event != this) return false;
  const std::lock_guard lock(mutex_);
  woken_ = false;
  return true;
}

bool RpcOutbox::AwaitsWakeUp() {
  const std::lock_guard lock(mutex_);
  return woken_;
}

void RpcOutbox::SendAll() {
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      sending_.swap(replies_);
    }
    if (sending_.empty()) return;
    {
      std::optional<GatheredWrites> gathered;
      if (sending_.size() > 1) gathered.emplace();
      for (const std::shared_ptr<Reply>& reply : sending_) reply->Send();
    }
    sending_.clear();  // frees tensors: once all is on its way
  }
}

}  // namespace flambeau
