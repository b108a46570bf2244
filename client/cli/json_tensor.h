// JSON values to tensors and back, for people at a terminal.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "flambeau/client.h"

namespace flambeau::client {

// `datatype` empty: what the values say, as torch.tensor would (INT64, FP32, BOOL) or BYTES.
// A lone value has shape [1]. Errors: INVALID_ARGUMENT, one sentence: ragged lists, or a value that
// the datatype cannot hold.
absl::StatusOr<Tensor> TensorFromJson(const std::string& name, const std::string& datatype,
                                      const nlohmann::json& value);

// Nested lists, floats as short as they can be; NaN and infinities as strings, for JSON has none.
// Errors: INVALID_ARGUMENT if the bytes do not fit the shape.
absl::StatusOr<std::string> TensorToJson(const Tensor& tensor);

}  // namespace flambeau::client
