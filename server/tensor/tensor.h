// A tensor as it crosses the server: a datatype, a shape, and bytes that someone keeps alive.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "tensor/dtype.h"
#include "tensor/shape.h"

namespace flambeau {

// Dense, row-major, little-endian. A kBytes tensor holds the protocol's binary form: per element a
// little-endian uint32 length and that many bytes.
//
// Threads: a value; immutable once filled, so readers need no lock.
// Lifetime: copies share the bytes; `owner` keeps them alive (a buffer of ours, a request's body, a
// whole batch's result).
// Errors: Allocate only.
class Tensor {
 public:
  Tensor() = default;
  Tensor(DType dtype, Shape shape, std::shared_ptr<const void> owner, const std::byte* data,
         size_t bytes)
      : dtype_(dtype),
        shape_(std::move(shape)),
        owner_(std::move(owner)),
        data_(data),
        bytes_(bytes) {}

  // Uninitialised memory aligned to 64 bytes; INVALID_ARGUMENT if the shape's size overflows or
  // `dtype` is kBytes, RESOURCE_EXHAUSTED if there is no memory.
  static Result<Tensor> Allocate(DType dtype, const Shape& shape);
  // The same for any number of bytes that the caller has already received.
  static Result<Tensor> AllocateBytes(DType dtype, const Shape& shape, size_t bytes);

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  const std::byte* data() const { return data_; }
  size_t bytes() const { return bytes_; }
  const std::shared_ptr<const void>& owner() const { return owner_; }

  // Only for whoever has just allocated this tensor and has not yet shared it.
  std::byte* mutable_data() { return const_cast<std::byte*>(data_); }

  // The elements as T; the caller has checked the datatype.
  template <typename T>
  std::span<const T> As() const {
    return {reinterpret_cast<const T*>(data_), bytes_ / sizeof(T)};
  }

  // The same bytes under another shape of the same element count.
  Tensor Reshaped(Shape shape) const { return {dtype_, std::move(shape), owner_, data_, bytes_}; }

  // Rows [begin, begin + count) of dimension 0, sharing the bytes. Requires rank >= 1, not kBytes,
  // and the range inside dimension 0.
  Tensor Rows(int64_t begin, int64_t count) const;

 private:
  DType dtype_ = DType::kFp32;
  Shape shape_;
  std::shared_ptr<const void> owner_;
  const std::byte* data_ = nullptr;
  size_t bytes_ = 0;
};

// A kBytes tensor of one element, shape [1].
Tensor BytesScalar(std::string_view text);

}  // namespace flambeau
