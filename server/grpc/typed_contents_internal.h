// InferTensorContents: elements in the one field that fits the datatype.
#pragma once

#include <memory>

#include "base/status.h"
#include "proto/inference.pb.h"
#include "tensor/tensor.h"

namespace flambeau {

// A view into `message`, which owns `input`, where the field's memory is the tensor's.
// Errors: INVALID_ARGUMENT: elements in another field, their number is not the shape's, a number
// out of the datatype's range, or a datatype that has no field (FP16, BF16).
Result<Tensor> DecodeTyped(const inference::ModelInferRequest::InferInputTensor& input, DType dtype,
                           const Shape& shape,
                           const std::shared_ptr<const inference::ModelInferRequest>& message);

}  // namespace flambeau
