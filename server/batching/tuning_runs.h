// Measures how fast a model runs with so many workers, threads and rows.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "base/clock.h"
#include "base/status.h"
#include "batching/tuning.h"

namespace flambeau {

struct TuningOptions {
  TuningScope scope;
  // What holds where the scope leaves it alone; the largest batch that is tried.
  int instances = 1;
  int threads = 1;
  int64_t max_batch_size = 32;
  Duration budget = std::chrono::seconds(20);  // no run begins after that
};

struct TuningDependencies {
  // Loads the model to run on so many threads.
  std::function<Result<std::shared_ptr<Model>>(int threads)> load;
  Clock* clock;
  // Told before each measurement: "it was tuned (2 x 1, batches of 8)".
  std::function<void(const std::string&)> on_step;
};

// The method that a measurement runs: the first whose rows can be made up; -1 if there is none.
int MethodToTune(const Facts& facts);

// One curve for each pair of workers and threads that fills the cores, fewest threads first. All
// workers of a pair run at once, in batches of 1, 2, 4 and so on where the static proof lets rows
// be merged; made-up rows, all pairs in turns, twice where there is time. A curve ends early where
// a batch fails, where time does, and where runs are slow and larger ones gain nothing.
//
// Threads: one, and one for each worker, which end with the call. Lifetime: a call. Errors: none:
// what fails is not measured.
std::vector<TuningCurve> MeasureTuning(const Facts& facts, const TuningOptions& options,
                                       const TuningDependencies& dependencies);

}  // namespace flambeau
