// flambeau models: what there is, load and unload, labels.
#pragma once

#include <string>

#include "cli/status.h"

namespace flambeau::client {

// A line for each version.
std::string ModelsAsText(const ServerReport& report, bool colour);
std::string ModelsAsJson(const ServerReport& report);

// Of routing.json: a line for each label; `model` empty: of all models.
std::string LabelsAsText(const ServerReport& report, const std::string& model);
std::string LabelsAsJson(const ServerReport& report, const std::string& model);

}  // namespace flambeau::client
