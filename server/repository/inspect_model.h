// Loads a model, tries it out and tells what was seen: the work of an Inspector, in this process.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "batching/tuning.h"
#include "repository/inspector.h"

namespace flambeau {

struct InspectedModel {
  std::shared_ptr<Model> model;
  Facts facts;                      // with what its runs showed
  std::vector<Proof> proofs;        // by method: the verdicts that a server would start with
  std::vector<TuningCurve> curves;  // what a tuning measured
  Inspection inspection;
};

struct InspectModelDependencies {
  Backend* backend;
  Clock* clock;
  Clock* thread_clock;  // the calling thread's processor time
  Log* log;
  // Told before each step what the model does in it, as in "... while it was loaded". May be null.
  std::function<void(std::string_view)> on_step;
};

// Runs each method whose shapes are known: one row by itself, optimised and tuned where that is
// asked for, then the proof of its batching.
// Threads: one; it runs the model's code, which may not end or may end the process.
// Lifetime: what was given outlives the model.
// Errors: the backend's; INVALID_ARGUMENT where the configuration contradicts the model;
// RESOURCE_EXHAUSTED if there is no memory for one row.
Result<InspectedModel> InspectModel(const InspectionRequest& request,
                                    const InspectModelDependencies& dependencies);

}  // namespace flambeau
