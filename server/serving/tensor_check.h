// A tensor held against what is certain of the argument that it is for.
#pragma once

#include "backend/facts.h"
#include "base/status.h"
#include "tensor/tensor.h"

namespace flambeau {

// Against declared and graph facts alone: the datatype, the rank, the dimensions but the first, and
// indices into a table of known size.
// Threads: any. Errors: INVALID_ARGUMENT, one sentence that names the input and the fix.
Status CheckTensor(const ArgumentFact& argument, const Tensor& tensor);

}  // namespace flambeau
