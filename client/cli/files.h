// Whole files.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace flambeau::client {

// Errors: INVALID_ARGUMENT, one sentence: it cannot be read, or is larger than `most`.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t most = size_t{1} << 30);

// By renaming a hidden file beside it: at any moment there is the old one or the new one.
// Errors: INVALID_ARGUMENT, one sentence: it cannot be written.
absl::Status ReplaceFile(const std::string& path, const std::string& bytes);

}  // namespace flambeau::client
