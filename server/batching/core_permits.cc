#include "batching/core_permits.h"

#include <algorithm>

namespace flambeau {

CorePermits::CorePermits(int cores)
    : cores_(std::max(cores, 1)), free_(cores_), aside_(std::max(cores_ / 4, 1)) {}

void CorePermits::Acquire(int count) {
  count = Clamp(count);
  std::unique_lock lock(mutex_);
  const unsigned long ticket = next_ticket_++;
  // Bounded by the runs that hold permits: each of them releases.
  freed_.wait(lock, [&] { return serving_ == ticket && free_ >= count; });
  free_ -= count;
  ++serving_;
  if (serving_ != next_ticket_ && free_ > 0) freed_.notify_all();
}

bool CorePermits::TryAcquire(int count) {
  count = Clamp(count);
  const std::lock_guard lock(mutex_);
  if (serving_ != next_ticket_ || free_ < count) return false;  // never past those who wait
  free_ -= count;
  return true;
}

int CorePermits::available() {
  const std::lock_guard lock(mutex_);
  return serving_ == next_ticket_ ? free_ : 0;  // those who wait come first
}

void CorePermits::Release(int count) {
  const std::lock_guard lock(mutex_);
  free_ += Clamp(count);
  if (serving_ != next_ticket_) freed_.notify_all();
}

}  // namespace flambeau
