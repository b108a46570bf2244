// How deep a JSON array is and how long its rows are, as it is read front to back.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "tensor/shape.h"

namespace flambeau {

inline constexpr int kMaxTensorDepth = 32;

// Threads: one. Lifetime: refers to `field`. Errors: INVALID_ARGUMENT for ragged rows.
class Nesting {
 public:
  explicit Nesting(std::string_view field) : field_(field) { dims_.fill(-1); }

  int depth() const { return depth_; }
  // Elements of the innermost open array so far.
  int64_t count() const { return counts_[static_cast<size_t>(depth_ - 1)]; }
  void set_count(int64_t count) { counts_[static_cast<size_t>(depth_ - 1)] = count; }

  Status Open();      // an array begins, as the next element
  Status BeginRow();  // numbers or strings begin
  Status Close();     // the innermost array ends
  Status Uneven() const;

  // Once the outermost array is closed.
  Shape shape() const { return {dims_.begin(), dims_.begin() + leaf_}; }
  // The element about to be read: "input[1][0]".
  std::string Path() const { return Path(depth_); }

 private:
  std::string Path(int levels) const;

  const std::string_view field_;
  int depth_ = 0;
  int leaf_ = -1;  // the depth at which the elements are; -1 until one was seen
  std::array<int64_t, kMaxTensorDepth> counts_{};
  std::array<int64_t, kMaxTensorDepth> dims_{};  // -1 until the first array of that level is closed
};

}  // namespace flambeau
