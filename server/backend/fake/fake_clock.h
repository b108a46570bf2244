// A clock that a test moves by hand.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>

#include "base/clock.h"

namespace flambeau {

// Threads: any. Lifetime: whoever waits on it outlives every Advance. Errors: none.
class FakeClock final : public Clock {
 public:
  TimePoint Now() const override;
  void WaitUntil(std::condition_variable& condition, std::unique_lock<std::mutex>& lock,
                 TimePoint deadline) override;

  // Moves time and wakes everyone who waits on it.
  void Advance(Duration step);

  // Blocks (a test's own timeout ends it) until `count` threads wait for a time at or before
  // `deadline`, so that a test advances only once somebody is waiting.
  void AwaitWaiters(size_t count, TimePoint deadline);

 private:
  struct Waiter {
    std::condition_variable* condition;
    std::mutex* mutex;
  };

  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  TimePoint now_{std::chrono::hours(1)};  // not zero, so that "never" and "at first" differ
  std::multimap<TimePoint, Waiter> waiters_;
};

}  // namespace flambeau
