// Between the message and the plain structs; only spec's sources include this.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "spec/config_file.h"
#include "spec/model_config.h"

namespace inference {
class ModelConfig;
}  // namespace inference

namespace flambeau {

// Where a field, as "input[0].dims[1]", was written: "config.pbtxt, line 3", "config.json".
using LocateField = std::function<std::string(const std::string& path)>;

// Errors: INVALID_ARGUMENT, one sentence: where, the field, what to change.
Result<ModelConfig> ConfigFromMessage(const inference::ModelConfig& message,
                                      const LocateField& locate, const ConfigPlace& place);

void ConfigToMessage(const ModelConfig& config, inference::ModelConfig* message);

// One sentence for each field that is set and has no effect.
std::vector<std::string> ConfigWarnings(const inference::ModelConfig& message);

// What the fields say together: priorities, ordering, batch sizes.
struct ConfigProblem {
  std::string field;  // empty: none
  std::string what;   // "must be ..."
};
ConfigProblem CheckConfig(const ModelConfig& config);

}  // namespace flambeau
