// Statistics in JSON.
// Source: the protocol's statistics extension (Triton, docs/protocol/extension_statistics.md).
#pragma once

#include <string>
#include <vector>

#include "serving/model_statistics.h"

namespace flambeau {

// {"model_stats":[...]}, every field there even when zero, the version as text.
// Errors: none.
std::string EncodeStatistics(const std::vector<ModelStatistics>& models);

}  // namespace flambeau
