// Pictures in files: PNG and JPEG.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace flambeau::client {

// Rows from the top, pixels from the left, `channels` bytes each: 1 grey, 3 red, green and blue.
struct Image {
  int width = 0;
  int height = 0;
  int channels = 0;
  std::string pixels;
};

// Grey and colour become each other, transparency is dropped, 16 bits become 8.
// `path` is for sentences. Errors: INVALID_ARGUMENT, one sentence: neither PNG nor JPEG, broken, or
// of more than 64 million pixels.
absl::StatusOr<Image> DecodeImage(const std::string& path, std::string_view bytes, int channels);

}  // namespace flambeau::client
