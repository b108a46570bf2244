// What a run of so many rows takes, learned from the runs that were: l(n) = t0 + a * n.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace flambeau {

// A least-squares line through the runs, recent ones weighing most. Neither t0 nor a is negative;
// while all runs had the same number of rows, t0 is taken as 0, which promises too little rather
// than too much.
// Threads: one at a time. Lifetime: a value. Errors: none.
class RunCost {
 public:
  // A run of `rows` (> 0) took so long.
  void Note(int64_t rows, Duration elapsed);
  // Zero before the first run.
  Duration Of(int64_t rows) const;

 private:
  // Weighted sums, in rows and seconds.
  double weight_ = 0;
  double rows_ = 0;
  double rows_squared_ = 0;
  double seconds_ = 0;
  double product_ = 0;
};

}  // namespace flambeau
