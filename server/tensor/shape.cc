#include "tensor/shape.h"

#include "base/checked.h"

namespace flambeau {

std::optional<int64_t> ElementCount(const Shape& shape) {
  int64_t product = 1;
  bool zero = false;
  for (int64_t dim : shape) {
    if (dim < 0) return std::nullopt;
    // A zero must not hide the overflow of the other dimensions.
    if (dim == 0) {
      zero = true;
      continue;
    }
    const auto next = CheckedMultiply(product, dim);
    if (!next) return std::nullopt;
    product = *next;
  }
  return zero ? 0 : product;
}

std::optional<size_t> ByteSize(DType dtype, const Shape& shape) {
  if (dtype == DType::kBytes) return std::nullopt;
  const auto count = ElementCount(shape);
  if (!count) return std::nullopt;
  const auto bytes = CheckedMultiply<int64_t>(*count, static_cast<int64_t>(ItemSize(dtype)));
  if (!bytes) return std::nullopt;
  return static_cast<size_t>(*bytes);
}

std::string ToString(const Shape& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ',';
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

}  // namespace flambeau
