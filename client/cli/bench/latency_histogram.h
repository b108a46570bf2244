// Latencies counted in buckets as wide as a thousandth of their value (log-linear, as
// HdrHistogram's).
#pragma once

#include <cstdint>
#include <vector>

namespace flambeau::client {

// Takes 270 KB, whatever is recorded. Threads: one at a time. Lifetime: a value. Errors: none.
class LatencyHistogram {
 public:
  LatencyHistogram();

  // A negative latency counts as 0, one above 73 minutes as that; the greatest is kept as it is.
  void Record(int64_t nanoseconds);
  void Add(const LatencyHistogram& other);

  int64_t count() const { return count_; }
  int64_t max() const { return max_; }
  double Mean() const;  // exact; 0 if nothing was recorded
  // The smallest recorded latency that `percent` of all do not exceed, at most 0.1 % too large;
  // 0 if nothing was recorded.
  int64_t Percentile(double percent) const;

 private:
  std::vector<int64_t> counts_;
  int64_t count_ = 0;
  int64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace flambeau::client
