// Runs a configuration's warm-up samples before its model is ready (model_warmup).
#pragma once

#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "repository/servable.h"
#include "spec/model_config.h"

namespace flambeau {

// Each sample `count` times on as many workers as there are. `directory` holds warmup/.
// Errors: INVALID_ARGUMENT, one sentence that names the sample: its inputs do not fit the model or
// it failed.
Status RunWarmup(const ModelConfig& config, const std::string& directory, Servable* servable,
                 Clock* clock);

}  // namespace flambeau
