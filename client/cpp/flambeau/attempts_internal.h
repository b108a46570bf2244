// Whether and when a call is made again (retry.h), without waiting itself.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "flambeau/retry.h"

namespace flambeau::client {

using TimePoint = std::chrono::steady_clock::time_point;

// Now and `timeout`, or a year if that is shorter: the clock must not overflow.
TimePoint DeadlineIn(std::chrono::milliseconds timeout);

// What a server asks of those that try again; less than 0: not to.
using Pushback = std::optional<std::chrono::milliseconds>;

// Threads: one at a time. Lifetime: one call's. Errors: none.
class Attempts {
 public:
  // `now` and `random` (from 0 to 1) are called by PauseAfter.
  Attempts(const RetryPolicy& policy, TimePoint deadline, std::function<TimePoint()> now,
           std::function<double()> random);

  // How long to wait before the next attempt, after one that ended with `error`; nothing if there
  // is to be none.
  std::optional<std::chrono::nanoseconds> PauseAfter(const absl::Status& error, Pushback pushback);

 private:
  const RetryPolicy policy_;
  const TimePoint deadline_;
  const std::function<TimePoint()> now_;
  const std::function<double()> random_;
  int failed_ = 0;
};

// Pseudo-random, from 0 to 1. Threads: any.
double Random();

}  // namespace flambeau::client
