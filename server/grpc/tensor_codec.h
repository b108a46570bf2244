// A ModelInferRequest to what serving speaks.
#pragma once

#include <memory>

#include "base/status.h"
#include "serving/request.h"

namespace inference {
class ModelInferRequest;
}

namespace flambeau {

// Tensors are views into the message wherever its memory layout is the tensor's (raw contents, and
// typed contents but for 8 and 16 bit integers and BYTES); they keep it alive.
// Errors: INVALID_ARGUMENT, UNIMPLEMENTED, one sentence that names the input.
Result<InferRequest> DecodeInferRequest(
    const std::shared_ptr<const inference::ModelInferRequest>& message);

}  // namespace flambeau
