// When the requests of an open loop are due, whatever became of those before.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace flambeau::client {

using SteadyClock = std::chrono::steady_clock;
using Time = SteadyClock::time_point;

// Threads: one at a time. Lifetime: a value. Errors: none.
class Arrivals {
 public:
  enum class Distribution { kPoisson, kConstant };

  // `rate`: requests a second, more than 0. The same seed gives the same times.
  Arrivals(double rate, Distribution distribution, Time start, uint64_t seed);

  Time next() const { return next_; }
  void Pop();

 private:
  double rate_;
  Distribution distribution_;
  Time start_;
  double seconds_;  // of next_ after start_; double, so that no rounding adds up
  std::mt19937_64 random_;
  Time next_;
};

}  // namespace flambeau::client
