// A request's body while it arrives: grows with the bytes received, padded for in-place parsing.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "http/body_budget.h"

namespace flambeau {

// Threads: one. Lifetime: Share hands the memory over and leaves it empty.
// Errors: Space and Append return false/empty if there is no memory, or none left in the budget.
class BodyBuffer {
 public:
  // Without a budget there is no bound but the caller's.
  explicit BodyBuffer(std::shared_ptr<BodyBudget> budget = nullptr) : budget_(std::move(budget)) {}
  BodyBuffer(const BodyBuffer&) = delete;
  BodyBuffer& operator=(const BodyBuffer&) = delete;
  ~BodyBuffer();

  size_t size() const { return size_; }

  // Room for the next bytes, at least one and at most `wanted`; it doubles as bytes arrive, so that
  // memory follows what was received and not what was claimed. Empty: no memory.
  std::span<char> Space(size_t wanted);
  void Commit(size_t bytes) { size_ += bytes; }
  bool Append(std::string_view bytes);

  struct Shared {
    std::string_view bytes;             // kJsonPadding zero bytes follow
    std::shared_ptr<const void> owner;  // may be null for an empty body
  };
  Shared Share();

 private:
  bool Grow(size_t capacity);

  const std::shared_ptr<BodyBudget> budget_;
  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;  // without the padding
};

}  // namespace flambeau
