// Shapes of inputs as flags give them, and as sentences show them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "flambeau/client.h"

namespace flambeau::client {

using Shapes = std::map<std::string, std::vector<int64_t>>;

// "input=1,3,224,224", any number of them. Errors: INVALID_ARGUMENT, one sentence.
absl::StatusOr<Shapes> ParseShapes(const std::vector<std::string>& flags);

// A flag that names no input is a mistake, not to be passed over.
// Errors: INVALID_ARGUMENT, one sentence.
absl::Status CheckNames(const ModelMetadata& metadata, const Shapes& shapes);

std::string ShapeToText(const std::vector<int64_t>& shape);  // "1,3,224,224"

// Whether nobody knows `fact`, such as "inputs.image.shape".
bool IsUnknown(const ModelMetadata& metadata, const std::string& fact);

}  // namespace flambeau::client
