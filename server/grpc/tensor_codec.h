// A ModelInferRequest to what serving speaks.
#pragma once

#include <memory>

#include "base/status.h"
#include "serving/request.h"
#include "serving/shared_memory.h"

namespace inference {
class ModelInferRequest;
}

namespace flambeau {

// Tensors are views into the message wherever its memory layout is the tensor's (raw contents, and
// typed contents but for 8 and 16 bit integers and BYTES); they keep it alive.
// Inputs in shared memory are copied out of it.
// Errors: INVALID_ARGUMENT, UNIMPLEMENTED, one sentence that names the input; of inputs in shared
// memory what SharedMemoryReader says.
Result<InferRequest> DecodeInferRequest(
    const std::shared_ptr<const inference::ModelInferRequest>& message,
    const SharedMemory& shared_memory);

}  // namespace flambeau
