#include "repository/statistics.h"

#include <algorithm>
#include <chrono>

namespace flambeau {
namespace {

uint64_t Nanoseconds(Duration duration) {
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
  return static_cast<uint64_t>(std::max<int64_t>(ns, 0));
}

void Add(Duration duration, DurationCount* sum) {
  ++sum->count;
  sum->ns += Nanoseconds(duration);
}

}  // namespace

ServableStatistics::Stripe* ServableStatistics::OwnStripe() {
  static std::atomic<size_t> next{0};
  thread_local const size_t own = next.fetch_add(1, std::memory_order_relaxed) % kStripes;
  return &stripes_[own];
}

void ServableStatistics::Success(int64_t rows, Duration total, Duration queue,
                                 const RunTiming& timing) {
  Stripe* const stripe = OwnStripe();
  const std::lock_guard lock(stripe->mutex);
  Add(total, &stripe->sums[kSuccess]);
  Add(queue, &stripe->sums[kQueue]);
  Add(timing.gather, &stripe->sums[kComputeInput]);
  Add(timing.compute, &stripe->sums[kComputeInfer]);
  Add(timing.scatter, &stripe->sums[kComputeOutput]);
  stripe->rows += static_cast<uint64_t>(rows);
}

void ServableStatistics::Failure(Duration total) {
  Stripe* const stripe = OwnStripe();
  const std::lock_guard lock(stripe->mutex);
  Add(total, &stripe->sums[kFail]);
}

void ServableStatistics::CacheHit(Duration total, Duration lookup) {
  Touch();
  Stripe* const stripe = OwnStripe();
  const std::lock_guard lock(stripe->mutex);
  Add(total, &stripe->sums[kSuccess]);
  Add(Duration::zero(), &stripe->sums[kQueue]);
  Add(lookup, &stripe->sums[kCacheHit]);
}

void ServableStatistics::CacheMiss(Duration spent) {
  Stripe* const stripe = OwnStripe();
  const std::lock_guard lock(stripe->mutex);
  Add(spent, &stripe->sums[kCacheMiss]);
}

void ServableStatistics::Run(int64_t rows, const RunTiming& timing) {
  Touch();
  runs_.fetch_add(1, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  auto batch = batches_.find(rows);
  if (batch == batches_.end()) {
    if (batches_.size() >= kMaxSizes) return;
    batch = batches_.emplace(rows, BatchCounts{}).first;
    batch->second.rows = rows;
  }
  Add(timing.gather, &batch->second.compute_input);
  Add(timing.compute, &batch->second.compute_infer);
  Add(timing.scatter, &batch->second.compute_output);
}

void ServableStatistics::Touch() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  last_inference_ms_.store(static_cast<uint64_t>(ms), std::memory_order_relaxed);
}

StatisticsCounts ServableStatistics::Read() const {
  StatisticsCounts counts;
  counts.last_inference_ms = last_inference_ms_.load(std::memory_order_relaxed);
  counts.execution_count = runs_.load(std::memory_order_relaxed);
  std::array<DurationCount, kSums> sums{};
  for (const Stripe& stripe : stripes_) {
    const std::lock_guard lock(stripe.mutex);
    counts.inference_count += stripe.rows;
    for (size_t i = 0; i < kSums; ++i) {
      sums[i].count += stripe.sums[i].count;
      sums[i].ns += stripe.sums[i].ns;
    }
  }
  counts.success = sums[kSuccess];
  counts.fail = sums[kFail];
  counts.queue = sums[kQueue];
  counts.compute_input = sums[kComputeInput];
  counts.compute_infer = sums[kComputeInfer];
  counts.compute_output = sums[kComputeOutput];
  counts.cache_hit = sums[kCacheHit];
  counts.cache_miss = sums[kCacheMiss];
  const std::lock_guard lock(mutex_);
  for (const auto& [rows, batch] : batches_) counts.batches.push_back(batch);
  return counts;
}

}  // namespace flambeau
