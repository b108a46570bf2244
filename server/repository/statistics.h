// What one version of a model has done since it was loaded.
// Source: the protocol's statistics extension (Triton, docs/protocol/extension_statistics.md).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "backend/backend.h"
#include "base/clock.h"

namespace flambeau {

struct DurationCount {
  uint64_t count = 0;
  uint64_t ns = 0;
};

// The runs of one size.
struct BatchCounts {
  int64_t rows = 0;
  DurationCount compute_input;
  DurationCount compute_infer;
  DurationCount compute_output;
};

struct StatisticsCounts {
  uint64_t last_inference_ms = 0;  // since 1970; 0: never
  uint64_t inference_count = 0;    // rows that were run and answered
  uint64_t execution_count = 0;    // runs of the model
  // By request; success and queue include what the response cache answered, compute_* do not.
  DurationCount success;
  DurationCount fail;
  DurationCount queue;
  DurationCount compute_input;
  DurationCount compute_infer;
  DurationCount compute_output;
  DurationCount cache_hit;           // looking an answer up
  DurationCount cache_miss;          // looking it up in vain and storing the new one
  std::vector<BatchCounts> batches;  // by rows; of at most kMaxSizes different sizes
};

// Threads: any. Read sees each request whole: perf_analyzer ends at once where one is counted in
// compute_input and not yet in compute_infer.
// Lifetime: its servable's. Errors: none.
class ServableStatistics {
 public:
  // A client chooses the size of its request: sizes beyond so many are counted in total only.
  static constexpr size_t kMaxSizes = 1024;

  ServableStatistics() = default;
  ServableStatistics(const ServableStatistics&) = delete;
  ServableStatistics& operator=(const ServableStatistics&) = delete;

  // A request of `rows` rows that a run answered.
  void Success(int64_t rows, Duration total, Duration queue, const RunTiming& timing);
  void Failure(Duration total);
  // One run of the model, whoever shares it and however it ends.
  void Run(int64_t rows, const RunTiming& timing);
  // A request that the response cache answered.
  void CacheHit(Duration total, Duration lookup);
  // One that it could not, beside its Success or Failure.
  void CacheMiss(Duration spent);

  StatisticsCounts Read() const;

 private:
  enum Sum : size_t {
    kSuccess,
    kFail,
    kQueue,
    kComputeInput,
    kComputeInfer,
    kComputeOutput,
    kCacheHit,
    kCacheMiss,
    kSums,
  };
  // Requests end on several threads at once: each has a lock of its own, which it finds free, and
  // cache lines of its own.
  static constexpr size_t kStripes = 8;
  struct alignas(128) Stripe {
    mutable std::mutex mutex;
    std::array<DurationCount, kSums> sums{};
    uint64_t rows = 0;
  };

  Stripe* OwnStripe();
  void Touch();

  std::array<Stripe, kStripes> stripes_;
  std::atomic<uint64_t> runs_{0};
  std::atomic<uint64_t> last_inference_ms_{0};
  mutable std::mutex mutex_;
  std::map<int64_t, BatchCounts> batches_;
};

}  // namespace flambeau
