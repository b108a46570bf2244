#include "http/body_buffer.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/checked.h"
#include "codec/json_numbers.h"

namespace flambeau {
namespace {

constexpr size_t kFirstCapacity = size_t{16} << 10;
constexpr char kEmptyBody[kJsonPadding] = {};

}  // namespace

BodyBuffer::~BodyBuffer() { std::free(data_); }

std::span<char> BodyBuffer::Space(size_t wanted) {
  if (size_ == capacity_) {
    const std::optional<size_t> needed = CheckedAdd(size_, wanted);
    const size_t doubled = std::max(kFirstCapacity, capacity_ * 2);
    if (!Grow(needed ? std::min(*needed, doubled) : doubled)) return {};
  }
  return {data_ + size_, std::min(wanted, capacity_ - size_)};
}

bool BodyBuffer::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::span<char> space = Space(bytes.size());
    if (space.empty()) return false;
    std::memcpy(space.data(), bytes.data(), space.size());
    Commit(space.size());
    bytes.remove_prefix(space.size());
  }
  return true;
}

BodyBuffer::Shared BodyBuffer::Share() {
  if (data_ == nullptr) return {std::string_view(kEmptyBody).substr(0, 0), nullptr};
  std::memset(data_ + size_, 0, kJsonPadding);
  Shared shared{std::string_view(data_, size_),
                std::shared_ptr<const void>(
                    data_, [](const void* memory) { std::free(const_cast<void*>(memory)); })};
  data_ = nullptr;
  size_ = 0;
  capacity_ = 0;
  return shared;
}

bool BodyBuffer::Grow(size_t capacity) {
  const std::optional<size_t> bytes = CheckedAdd(capacity, kJsonPadding);
  // realloc: large blocks are moved by remapping, without a copy.
  void* grown = bytes ? std::realloc(data_, *bytes) : nullptr;
  if (grown == nullptr) return false;
  data_ = static_cast<char*>(grown);
  capacity_ = capacity;
  return true;
}

}  // namespace flambeau
