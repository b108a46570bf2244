#include "http/body_buffer.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/checked.h"
#include "codec/json_numbers.h"

namespace flambeau {
namespace {

constexpr size_t kFirstCapacity = size_t{16} << 10;
constexpr char kEmptyBody[kJsonPadding] = {};

}  // namespace

BodyBuffer::~BodyBuffer() {
  std::free(data_);
  if (budget_ != nullptr) budget_->Give(capacity_);
}

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
  const char* const data = std::exchange(data_, nullptr);
  const auto release = [budget = budget_,
                        capacity = std::exchange(capacity_, 0)](const void* memory) {
    std::free(const_cast<void*>(memory));
    if (budget != nullptr) budget->Give(capacity);
  };
  return {std::string_view(data, std::exchange(size_, 0)),
          std::shared_ptr<const void>(data, release)};
}

bool BodyBuffer::Grow(size_t capacity) {
  const std::optional<size_t> bytes = CheckedAdd(capacity, kJsonPadding);
  if (!bytes) return false;
  const size_t added = capacity - capacity_;
  if (budget_ != nullptr && !budget_->Take(added)) return false;
  // realloc: large blocks are moved by remapping, without a copy.
  void* grown = std::realloc(data_, *bytes);
  if (grown == nullptr) {
    if (budget_ != nullptr) budget_->Give(added);
    return false;
  }
  data_ = static_cast<char*>(grown);
  capacity_ = capacity;
  return true;
}

}  // namespace flambeau
