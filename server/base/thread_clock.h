// The processor time of the calling thread, as a clock: what others run meanwhile does not count.
#pragma once

#include <ctime>

#include "base/clock.h"

namespace flambeau {

// Threads: any; each has a time of its own. Lifetime: as Clock. Errors: none. A thread that waits
// has no time that passes: WaitUntil returns at once.
class ThreadClock final : public Clock {
 public:
  TimePoint Now() const override {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return TimePoint(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
  }
  void WaitUntil(std::condition_variable& /*condition*/, std::unique_lock<std::mutex>& /*lock*/,
                 TimePoint /*deadline*/) override {}
};

}  // namespace flambeau
