#include "tensor/tensor.h"

#include <cstdint>
#include <cstring>
#include <new>

#include "base/no_memory.h"

namespace flambeau {
namespace {

constexpr std::align_val_t kAlignment{64};

}  // namespace

Result<Tensor> Tensor::Allocate(DType dtype, const Shape& shape) {
  const auto bytes = ByteSize(dtype, shape);
  if (!bytes) {
    return InvalidArgument("shape " + ToString(shape) + " has a size that cannot be represented");
  }
  return AllocateBytes(dtype, shape, *bytes);
}

Result<Tensor> Tensor::AllocateBytes(DType dtype, const Shape& shape, size_t bytes) {
  void* memory = ::operator new(bytes > 0 ? bytes : 1, kAlignment, std::nothrow);
  if (memory == nullptr) {
    return NoMemory("no memory for a tensor of " + std::to_string(bytes) + " bytes");
  }
  std::shared_ptr<void> owner(memory, [](void* p) { ::operator delete(p, kAlignment); });
  return Tensor(dtype, shape, std::move(owner), static_cast<const std::byte*>(memory), bytes);
}

Tensor Tensor::Rows(int64_t begin, int64_t count) const {
  const size_t row_bytes = shape_[0] > 0 ? bytes_ / static_cast<size_t>(shape_[0]) : 0;
  Shape shape = shape_;
  shape[0] = count;
  return {dtype_, std::move(shape), owner_, data_ + begin * static_cast<int64_t>(row_bytes),
          row_bytes * static_cast<size_t>(count)};
}

Tensor BytesScalar(std::string_view text) {
  auto buffer = std::make_shared<std::string>();
  const auto length = static_cast<uint32_t>(text.size());
  buffer->resize(sizeof(length) + text.size());
  std::memcpy(buffer->data(), &length, sizeof(length));
  std::memcpy(buffer->data() + sizeof(length), text.data(), text.size());
  const auto* data = reinterpret_cast<const std::byte*>(buffer->data());
  const size_t bytes = buffer->size();
  return {DType::kBytes, {1}, std::move(buffer), data, bytes};
}

}  // namespace flambeau
