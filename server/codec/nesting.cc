#include "codec/nesting.h"

namespace flambeau {
namespace {

std::string Values(int64_t count) {
  return std::to_string(count) + (count == 1 ? " value" : " values");
}

}  // namespace

std::string Nesting::Path(int levels) const {
  std::string path(field_);
  for (int i = 0; i < levels; ++i) {
    path += '[' + std::to_string(counts_[static_cast<size_t>(i)]) + ']';
  }
  return path;
}

Status Nesting::Uneven() const {
  return InvalidArgument(Path() +
                         " is not nested as deeply as the values before it: rows must have one "
                         "depth and one length");
}

Status Nesting::Open() {
  if (depth_ == kMaxTensorDepth) {
    return InvalidArgument(std::string(field_) + " is nested deeper than " +
                           std::to_string(kMaxTensorDepth) + " arrays");
  }
  if (depth_ == leaf_) return Uneven();
  counts_[static_cast<size_t>(depth_++)] = 0;
  return OkStatus();
}

Status Nesting::BeginRow() {
  if (leaf_ < 0) leaf_ = depth_;
  return leaf_ == depth_ ? OkStatus() : Uneven();
}

Status Nesting::Close() {
  const auto level = static_cast<size_t>(depth_ - 1);
  const int64_t count = counts_[level];
  if (count == 0 && leaf_ < 0) leaf_ = depth_;
  if (dims_[level] < 0) dims_[level] = count;
  if (dims_[level] != count) {
    std::string first(field_);
    for (size_t i = 0; i < level; ++i) first += "[0]";
    return InvalidArgument(Path(depth_ - 1) + " has " + Values(count) + " but " + first + " has " +
                           std::to_string(dims_[level]) + ": rows must have one length");
  }
  if (--depth_ > 0) ++counts_[level - 1];
  return OkStatus();
}

}  // namespace flambeau
