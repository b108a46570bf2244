// Inputs for a model that nobody has written down, from its metadata.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "cli/shapes.h"
#include "flambeau/client.h"

namespace flambeau::client {

enum class SampleData { kRandom, kZeros };

// One tensor for each input. A first dimension that may be any is 1. Random floats lie between 0
// and 1, integers are 0 or 1, so that they are ids that any table has; the same every time.
// Errors: INVALID_ARGUMENT, one sentence: a dimension that nobody knows, or a shape for no input.
absl::StatusOr<std::vector<Tensor>> MakeSampleInputs(const ModelMetadata& metadata,
                                                     const Shapes& shapes, SampleData data);

}  // namespace flambeau::client
