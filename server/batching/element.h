// Single elements as doubles, to make probe rows and to compare results.
#pragma once

#include <cstddef>

#include "tensor/dtype.h"

namespace flambeau {

// Not for kBytes. 64-bit integers lose digits beyond 2^53.
double ReadElement(DType dtype, const std::byte* from);
// Floats only, rounded to the datatype.
void WriteFloat(DType dtype, double number, std::byte* to);

}  // namespace flambeau
