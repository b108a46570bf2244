// Time as a dependency, so that queues and deadlines are tested on a fake clock.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace flambeau {

using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

// A deadline is a TimePoint; this one never passes.
inline constexpr TimePoint kNoDeadline = TimePoint::max();

// Threads: every method may be called from any thread.
// Lifetime: outlives everything it was given to.
// Errors: none.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;

  // Waits on `condition` until notified or until Now() >= `deadline`; may wake spuriously.
  virtual void WaitUntil(std::condition_variable& condition, std::unique_lock<std::mutex>& lock,
                         TimePoint deadline) = 0;
};

// The monotonic clock of the machine.
class SystemClock final : public Clock {
 public:
  TimePoint Now() const override { return std::chrono::steady_clock::now(); }

  void WaitUntil(std::condition_variable& condition, std::unique_lock<std::mutex>& lock,
                 TimePoint deadline) override {
    if (deadline == kNoDeadline) {
      condition.wait(lock);
    } else {
      condition.wait_until(lock, deadline);
    }
  }
};

}  // namespace flambeau
