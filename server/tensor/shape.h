// A tensor's dimensions, row-major, and their product without overflow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/container/inlined_vector.h"
#include "tensor/dtype.h"

namespace flambeau {

// Rank 0 is a scalar. Six dimensions fit without an allocation.
using Shape = absl::InlinedVector<int64_t, 6>;

// The product of the dimensions (1 for rank 0); nothing if a dimension is negative or it overflows.
std::optional<int64_t> ElementCount(const Shape& shape);

// ElementCount times the datatype's size; nothing as above, or for kBytes.
std::optional<size_t> ByteSize(DType dtype, const Shape& shape);

// "[2,-1,3]".
std::string ToString(const Shape& shape);

}  // namespace flambeau
