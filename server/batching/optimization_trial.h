// Finds out which optimisations of a model are worth having: those that change no answer and save
// time.
//
// Each is tried on a load of its own, on top of those kept so far. Its answers to made-up rows, one
// by one and in the largest batch, must be the unchanged model's within the datatype's tolerance;
// then both run in turns, and it must be at least 3 % faster by the medians of their times.
//
// A comparison tells of the paths that it took: a model is tried only if the shapes of all of its
// methods are known, and the static proof found that no value chooses a path.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/clock.h"
#include "base/status.h"

namespace flambeau {

struct TrialOptions {
  Optimizations allowed = Optimizations::All();
  int64_t max_batch_size = 32;
  Duration budget = std::chrono::seconds(10);  // none is begun after that
};

struct TrialResult {
  Optimizations kept;
  std::vector<std::string> notes;  // what became of each, and why
};

using LoadOptimized = std::function<Result<std::shared_ptr<Model>>(Optimizations)>;

// `stopwatch`: what runs are timed by; `clock`, or one that leaves out what others run meanwhile.
//
// Threads: one. Lifetime: what is loaded is given back before it returns. Errors: none: what fails
// is not kept.
TrialResult TryOptimizations(Model* plain, const LoadOptimized& load, const TrialOptions& options,
                             Clock* clock, Clock* stopwatch);

}  // namespace flambeau
