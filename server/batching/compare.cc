#include "batching/compare.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "batching/element.h"

namespace flambeau {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

double RelativeTolerance(DType dtype) {
  switch (dtype) {
    case DType::kFp16:
      return 1e-3;
    case DType::kBf16:
      return 4e-3;
    case DType::kFp32:
      return 2e-5;
    case DType::kFp64:
      return 1e-9;
    default:
      return 0;
  }
}

double RelativeTolerance(DType dtype, std::string_view device) {
  const bool rounds_more = dtype == DType::kFp32 && device.rfind("cuda", 0) == 0;
  return RelativeTolerance(rounds_more ? DType::kFp16 : dtype);
}

double LargestMagnitude(const Tensor& tensor) {
  if (tensor.dtype() == DType::kBytes) return 1;
  double largest = 0;
  const size_t size = ItemSize(tensor.dtype());
  for (size_t at = 0; at < tensor.bytes(); at += size) {
    const double number = ReadElement(tensor.dtype(), tensor.data() + at);
    if (!std::isfinite(number)) return kInfinity;
    largest = std::max(largest, std::fabs(number));
  }
  return largest;
}

double LargestDifference(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return kInfinity;
  const bool same_bytes =
      a.bytes() == b.bytes() && (a.bytes() == 0 || std::memcmp(a.data(), b.data(), a.bytes()) == 0);
  if (same_bytes) return 0;
  if (a.dtype() == DType::kBytes || a.bytes() != b.bytes()) return kInfinity;
  double largest = 0;
  const size_t size = ItemSize(a.dtype());
  for (size_t at = 0; at < a.bytes(); at += size) {
    if (std::memcmp(a.data() + at, b.data() + at, size) == 0) continue;
    const double difference =
        std::fabs(ReadElement(a.dtype(), a.data() + at) - ReadElement(b.dtype(), b.data() + at));
    if (std::isnan(difference)) return kInfinity;
    // 64-bit integers may differ in digits that a double does not have.
    largest = std::max(largest, IsFloat(a.dtype()) ? difference : std::max(difference, 1.0));
  }
  return largest;
}

}  // namespace flambeau
