#include "flambeau/slots_internal.h"

namespace flambeau::client {

absl::Status Slots::Take(TimePoint deadline) {
  std::unique_lock lock(mutex_);
  const auto may_go_on = [this] { return closed_ || taken_ < count_; };
  if (!may_go_on() && loop_->OnThread()) {
    return absl::ResourceExhaustedError(
        "as many requests as max_in_flight allows are in flight, and a callback must not wait for "
        "one to end; send it from another thread");
  }
  if (!changed_.wait_until(lock, deadline, may_go_on)) {
    return absl::DeadlineExceededError(
        "the deadline passed while as many requests as max_in_flight allows were in flight");
  }
  if (closed_) return absl::CancelledError("the client is being destroyed");
  ++taken_;
  return absl::OkStatus();
}

void Slots::Give() {
  const std::lock_guard lock(mutex_);
  --taken_;
  changed_.notify_all();
}

void Slots::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

void Slots::AwaitFree() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return taken_ == 0; });
}

}  // namespace flambeau::client
