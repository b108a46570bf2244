// Inputs for a model that nobody has written down, from its metadata.
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

enum class SampleData { kRandom, kZeros };

// One tensor for each input. A first dimension that may be any is 1. Random floats lie between 0
// and 1, integers are 0 or 1, so that they are ids that any table has; the same every time.
// Errors: INVALID_ARGUMENT, one sentence: a dimension that nobody knows, or a shape for no input.
absl::StatusOr<std::vector<Tensor>> MakeSampleInputs(const ModelMetadata& metadata,
                                                     const Shapes& shapes, SampleData data);

}  // namespace flambeau::client
