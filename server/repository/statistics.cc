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

size_t ServableStatistics::OwnStripe() {
  static std::atomic<size_t> next{0};
  thread_local const size_t own = next.fetch_add(1, std::memory_order_relaxed) % kStripes;
  return own;
}

void ServableStatistics::Add(Stripe* stripe, Sum sum, Duration duration) {
  stripe->counts[sum].fetch_add(1, std::memory_order_relaxed);
  stripe->ns[sum].fetch_add(Nanoseconds(duration), std::memory_order_relaxed);
}

void ServableStatistics::Success(int64_t rows, Duration total, Duration queue,
                                 const RunTiming& timing) {
  Stripe* const stripe = &stripes_[OwnStripe()];
  Add(stripe, kSuccess, total);
  Add(stripe, kQueue, queue);
  Add(stripe, kComputeInput, timing.gather);
  Add(stripe, kComputeInfer, timing.compute);
  Add(stripe, kComputeOutput, timing.scatter);
  stripe->rows.fetch_add(static_cast<uint64_t>(rows), std::memory_order_relaxed);
}

void ServableStatistics::Failure(Duration total) { Add(&stripes_[OwnStripe()], kFail, total); }

void ServableStatistics::CacheHit(Duration total, Duration lookup) {
  Stripe* const stripe = &stripes_[OwnStripe()];
  Add(stripe, kSuccess, total);
  Add(stripe, kQueue, Duration::zero());
  Add(stripe, kCacheHit, lookup);
  Touch();
}

void ServableStatistics::CacheMiss(Duration spent) {
  Add(&stripes_[OwnStripe()], kCacheMiss, spent);
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
  flambeau::Add(timing.gather, &batch->second.compute_input);
  flambeau::Add(timing.compute, &batch->second.compute_infer);
  flambeau::Add(timing.scatter, &batch->second.compute_output);
}

void ServableStatistics::Touch() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  last_inference_ms_.store(static_cast<uint64_t>(ms), std::memory_order_relaxed);
}

DurationCount ServableStatistics::Total(Sum sum) const {
  DurationCount total;
  for (const Stripe& stripe : stripes_) {
    total.count += stripe.counts[sum].load(std::memory_order_relaxed);
    total.ns += stripe.ns[sum].load(std::memory_order_relaxed);
  }
  return total;
}

StatisticsCounts ServableStatistics::Read() const {
  StatisticsCounts counts;
  counts.last_inference_ms = last_inference_ms_.load(std::memory_order_relaxed);
  counts.execution_count = runs_.load(std::memory_order_relaxed);
  for (const Stripe& stripe : stripes_) {
    counts.inference_count += stripe.rows.load(std::memory_order_relaxed);
  }
  counts.success = Total(kSuccess);
  counts.fail = Total(kFail);
  counts.queue = Total(kQueue);
  counts.compute_input = Total(kComputeInput);
  counts.compute_infer = Total(kComputeInfer);
  counts.compute_output = Total(kComputeOutput);
  counts.cache_hit = Total(kCacheHit);
  counts.cache_miss = Total(kCacheMiss);
  const std::lock_guard lock(mutex_);
  for (const auto& [rows, batch] : batches_) counts.batches.push_back(batch);
  return counts;
}

}  // namespace flambeau
