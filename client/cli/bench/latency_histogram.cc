#include "cli/bench/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>

namespace flambeau::client {
namespace {

// Below 2048 each value has its own bucket; then each doubling has 1024 of them.
constexpr int kBits = 11;
constexpr uint64_t kHalf = 1 << (kBits - 1);
constexpr int kMaxBits = 42;  // 2^42 ns are 73 minutes
constexpr uint64_t kMax = (uint64_t{1} << kMaxBits) - 1;
constexpr size_t kBuckets = (kMaxBits - kBits) * kHalf + 2 * kHalf;

int ShiftOf(uint64_t value) { return std::max(0, static_cast<int>(std::bit_width(value)) - kBits); }

size_t BucketOf(uint64_t value) {
  const int shift = ShiftOf(value);
  return shift * kHalf + (value >> shift);
}

// The greatest value of that bucket.
int64_t EndOf(size_t bucket) {
  const size_t shift = bucket < 2 * kHalf ? 0 : bucket / kHalf - 1;
  return static_cast<int64_t>(((bucket - shift * kHalf + 1) << shift) - 1);
}

}  // namespace

LatencyHistogram::LatencyHistogram() : counts_(kBuckets) {}

void LatencyHistogram::Record(int64_t nanoseconds) {
  const int64_t value = std::max<int64_t>(nanoseconds, 0);
  ++counts_[BucketOf(std::min(static_cast<uint64_t>(value), kMax))];
  ++count_;
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value);
}

void LatencyHistogram::Add(const LatencyHistogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

double LatencyHistogram::Mean() const {
  return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

int64_t LatencyHistogram::Percentile(double percent) const {
  const auto wanted = std::clamp<int64_t>(
      static_cast<int64_t>(std::ceil(percent / 100 * static_cast<double>(count_))), 1,
      std::max<int64_t>(count_, 1));
  int64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    if (seen >= wanted) return std::min(EndOf(i), max_);
  }
  return max_;
}

}  // namespace flambeau::client
