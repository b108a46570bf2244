// A model's configuration as clients get it.
#pragma once

#include <string>

#include "spec/model_config.h"

namespace flambeau {

// ModelConfig as JSON: the .proto's own field names, every field that has a default printed, 64-bit
// integers as numbers, enums by name (Triton's model configuration extension).
std::string EncodeConfigJson(const ModelConfig& config);

// The same as a serialised inference.ModelConfig.
std::string EncodeConfigProto(const ModelConfig& config);

}  // namespace flambeau
