// What follows from a fact's source or kind, wherever facts are used.
#pragma once

#include <optional>

#include "backend/facts.h"
#include "tensor/dtype.h"

namespace flambeau {

// Whether a fact of this source may refuse a request: declared or read from the graph.
bool IsFirm(FactSource source);

// How the protocols, which know only tensors, type an argument that is none: BOOL, INT64, FP64 or
// BYTES; nothing for a tensor or a value of another kind.
std::optional<DType> ScalarDType(ValueKind kind);

}  // namespace flambeau
