// The `parameters` of a ModelInferRequest: on the request, its inputs and its outputs.
// Threads: any, each with messages of its own.
#pragma once

#include <google/protobuf/map.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/status.h"
#include "serving/request.h"

namespace inference {
class InferParameter;
class ModelInferRequest;
}  // namespace inference

namespace flambeau {

using InferParameters = google::protobuf::Map<std::string, inference::InferParameter>;

// Takes over what has a meaning here (method, timeout, priority) and keys that nobody has defined,
// and checks the protocol's own. Errors: INVALID_ARGUMENT for a reserved key or a value of
// the wrong type or range; UNIMPLEMENTED for sequences.
Status DecodeParameters(const inference::ModelInferRequest& request, InferRequest* decoded);

// Where in shared memory an input or output is; nothing if it is not. Errors: INVALID_ARGUMENT.
Result<std::optional<SharedMemoryPlace>> DecodePlace(const InferParameters& parameters);

// How many classes are asked for of an output; 0: none. Errors: INVALID_ARGUMENT.
Result<int64_t> DecodeClassification(const InferParameters& parameters);

}  // namespace flambeau
