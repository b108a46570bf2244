// numpy's files of one array, .npy.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "flambeau/client.h"

namespace flambeau::client {

bool IsNpy(std::string_view bytes);

// `name` becomes the tensor's. Errors: INVALID_ARGUMENT, one sentence: another byte order,
// Fortran's order, or elements that the protocol has no datatype for.
absl::StatusOr<Tensor> TensorFromNpy(const std::string& name, std::string_view bytes);

// Errors: INVALID_ARGUMENT for BF16 and BYTES, which numpy has no type for.
absl::StatusOr<std::string> TensorToNpy(const Tensor& tensor);

}  // namespace flambeau::client
