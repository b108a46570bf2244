// Elements from one datatype to another, and the binary form of BYTES.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "tensor/tensor.h"

namespace flambeau {

uint16_t FloatToHalf(float value);  // round to nearest even
float HalfToFloat(uint16_t bits);
uint16_t FloatToBfloat16(float value);  // round to nearest even
float Bfloat16ToFloat(uint16_t bits);

// A tensor over `bytes` (shared with `owner`, or copied if they are not aligned for the datatype)
// after checking that they are exactly the shape's size; BYTES: that the length prefixes add up;
// BOOL: that every byte is 0 or 1. `field` names it in errors.
// Errors: INVALID_ARGUMENT.
Result<Tensor> TensorFromBinary(DType dtype, const Shape& shape, std::string_view bytes,
                                std::shared_ptr<const void> owner, std::string_view field);

// The elements of a BYTES tensor, in order; INVALID_ARGUMENT if the prefixes do not add up.
Result<std::vector<std::string_view>> BytesElements(const Tensor& tensor);

// A BYTES tensor from its elements.
Tensor BytesTensor(const std::vector<std::string_view>& elements, const Shape& shape);

}  // namespace flambeau
