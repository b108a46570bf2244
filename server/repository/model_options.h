// What a model's configuration makes of the server's own settings.
#pragma once

#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/status.h"
#include "batching/scheduler.h"
#include "batching/tuning.h"
#include "spec/model_config.h"

namespace flambeau {

struct ModelOptions {
  LoadOptions load;
  Scheduler::Options scheduler;
  std::vector<std::string> warnings;  // one sentence each: what is set and has no effect
};

// `device` and `scheduler` are the server's; they hold where the configuration says nothing.
// Errors: FAILED_PRECONDITION if the configuration asks for a device that is not here,
// UNIMPLEMENTED for several at once, INVALID_ARGUMENT for a parameter's value; one sentence.
Result<ModelOptions> ChooseOptions(const ModelConfig& config, const std::string& device,
                                   const Scheduler::Options& scheduler, Backend* backend);

// What of `scope` the configuration does not say itself, on that device.
TuningScope LeftOpen(const ModelConfig& config, const std::string& device, TuningScope scope);

// How a model runs as chosen.
void Apply(const Tuned& tuned, ModelOptions* options);

}  // namespace flambeau
