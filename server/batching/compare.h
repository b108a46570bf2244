// How far two results are from each other, and how far they may be.
#pragma once

#include <string_view>

#include "tensor/tensor.h"

namespace flambeau {

// What rounding may change when the same row runs in a batch of another size: a fraction of the
// output's largest magnitude. Zero for datatypes that do not round.
double RelativeTolerance(DType dtype);
// The same on `device` (as Facts::device). A GPU may multiply FP32 with FP16's mantissa (TF32,
// LibTorch's default for convolutions), and the size of the batch decides which kernel does so.
double RelativeTolerance(DType dtype, std::string_view device);

// The largest magnitude; infinity if an element is not finite.
double LargestMagnitude(const Tensor& tensor);

// The largest difference of two elements; infinity if datatypes or shapes differ, or one of the two
// elements is not a number.
double LargestDifference(const Tensor& a, const Tensor& b);

}  // namespace flambeau
