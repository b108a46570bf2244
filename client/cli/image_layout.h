// How a model takes pictures.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "cli/shapes.h"
#include "flambeau/client.h"

namespace flambeau::client {

struct ImageLayout {
  enum class Channels { kFirst, kLast, kNone };

  std::optional<int64_t> batch;  // none: one picture, without a dimension for more; -1: any
  Channels where = Channels::kFirst;
  int channels = 0;
  int64_t height = 0;  // -1: any
  int64_t width = 0;
};

// What the shape of `input` tells: [batch,] channels, height, width; [batch,] height, width,
// channels; or batch, height, width. One in `shapes` takes the place of the metadata's. Errors:
// INVALID_ARGUMENT, one sentence: no known shape, or no picture's.
absl::StatusOr<ImageLayout> ChooseLayout(const TensorMetadata& input, const Shapes& shapes,
                                         const ModelMetadata& metadata);

}  // namespace flambeau::client
