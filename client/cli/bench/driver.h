// Sends one request over and over, on the thread that calls it.
#pragma once

#include <chrono>
#include <optional>

#include "absl/status/status.h"
#include "cli/bench/arrivals.h"
#include "cli/bench/tally.h"

namespace flambeau::client {

// Threads: one at a time. Lifetime: none beyond its own. Errors: as each method says.
class Driver {
 public:
  struct Load {
    std::optional<Arrivals> arrivals;                            // present: an open loop
    std::chrono::nanoseconds timeout{std::chrono::seconds(60)};  // for each answer
  };

  virtual ~Driver() = default;

  // Opens every connection. Errors: UNAVAILABLE if nobody answers.
  virtual absl::Status Connect() = 0;
  // From now to the end of the tally's window, and until everything sent was answered or timed out.
  // An open loop begins with the load's arrivals.
  virtual void Run(const Load& load, Tally* tally) = 0;
};

}  // namespace flambeau::client
