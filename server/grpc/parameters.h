// The `parameters` of a ModelInferRequest: on the request, its inputs and its outputs.
#pragma once

#include "base/status.h"
#include "serving/request.h"

namespace inference {
class ModelInferRequest;
}

namespace flambeau {

// Takes over what has a meaning here (timeout, priority), checks the protocol's own keys, and ignores keys
// that nobody has defined. Errors: INVALID_ARGUMENT for a reserved key or a value of the wrong type
// or range; UNIMPLEMENTED for extensions that this server does not have (shared memory,
// classification, sequences).
Status DecodeParameters(const inference::ModelInferRequest& request, InferRequest* decoded);

}  // namespace flambeau
