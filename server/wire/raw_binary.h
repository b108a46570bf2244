// A request whose body is nothing but one tensor (Inference-Header-Content-Length: 0).
// Source: Triton, docs/protocol/extension_binary_data.md, "Raw Binary Request".
#pragma once

#include <memory>
#include <string_view>

#include "backend/facts.h"
#include "base/status.h"
#include "serving/request.h"

namespace flambeau {

// For a model with one input of a known datatype. One dimension that is not known follows from the
// number of bytes; if there are more, dimension 0 is a batch of 1. A str is the body itself, shape
// [1]. All outputs are to be binary. `owner` keeps `body` alive.
// Errors: INVALID_ARGUMENT, one sentence.
Result<InferRequest> DecodeRawBinary(std::string_view body, std::shared_ptr<const void> owner,
                                     const MethodFacts& signature);

}  // namespace flambeau
