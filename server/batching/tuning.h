// What a measurement of a model's speed told, and how the model is to run in consequence: workers,
// threads inside a run, rows of a run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace flambeau {

// What a measurement may choose; the rest was said by somebody.
struct TuningScope {
  bool instances = false;
  bool threads = false;
  bool max_batch_size = false;
  int cores = 1;  // that workers times threads may fill

  bool empty() const { return !instances && !threads && !max_batch_size; }
};

// As many workers ran at once, each so many rows at a time.
struct TuningPoint {
  int64_t rows = 0;
  Duration run{};            // the median
  double rows_per_second{};  // of all workers together
};

struct TuningCurve {
  int instances = 1;
  int threads = 1;
  std::vector<TuningPoint> points;  // by rows

  // l(b) = t0 + per_row * b, as RunCost fits it. Zero without a point.
  Duration t0() const;
  Duration per_row() const;
};

// What was chosen; 0: nothing, what was said holds.
struct Tuned {
  int instances = 0;
  int threads = 0;
  int64_t max_batch_size = 0;
  std::string summary;  // what the measurement told, for people; empty: there was none

  bool operator==(const Tuned&) const = default;
};

// Of what comes within 5 % of the highest rate, the curve with the fewest threads, which comes
// first, and its smallest batch. `merged`: requests may share a run; if not, single rows decide.
//
// Threads: any. Errors: none; nothing is chosen where nothing was measured.
Tuned ChooseTuning(const std::vector<TuningCurve>& curves, const TuningScope& scope, bool merged);

}  // namespace flambeau
