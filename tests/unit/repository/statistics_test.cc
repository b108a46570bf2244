#include "repository/statistics.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace flambeau {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

const RunTiming kTiming{microseconds(1), microseconds(20), microseconds(3)};

void ExpectDuration(const DurationCount& duration, uint64_t count, uint64_t ns) {
  EXPECT_EQ(duration.count, count);
  EXPECT_EQ(duration.ns, ns);
}

uint64_t NowMs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

TEST(ServableStatistics, StartsAtNothing) {
  const ServableStatistics statistics;
  const StatisticsCounts counts = statistics.Read();
  EXPECT_EQ(counts.last_inference_ms, 0u);
  EXPECT_EQ(counts.inference_count, 0u);
  EXPECT_EQ(counts.execution_count, 0u);
  EXPECT_TRUE(counts.batches.empty());
  ExpectDuration(counts.success, 0, 0);
}

TEST(ServableStatistics, AMergedRunCountsOnceAndItsRequestsEach) {
  ServableStatistics statistics;
  const uint64_t before = NowMs();
  statistics.Run(3, kTiming);
  statistics.Success(1, microseconds(100), microseconds(7), kTiming);
  statistics.Success(2, microseconds(50), nanoseconds(0), kTiming);
  statistics.Run(1, kTiming);
  statistics.Success(1, microseconds(10), nanoseconds(0), kTiming);
  const StatisticsCounts counts = statistics.Read();
  EXPECT_EQ(counts.inference_count, 4u);
  EXPECT_EQ(counts.execution_count, 2u);
  ExpectDuration(counts.success, 3, 160'000);
  ExpectDuration(counts.queue, 3, 7'000);
  ExpectDuration(counts.compute_input, 3, 3'000);
  ExpectDuration(counts.compute_infer, 3, 60'000);
  ExpectDuration(counts.compute_output, 3, 9'000);
  ExpectDuration(counts.fail, 0, 0);
  EXPECT_GE(counts.last_inference_ms, before);
  EXPECT_LE(counts.last_inference_ms, NowMs());
  ASSERT_EQ(counts.batches.size(), 2u);
  EXPECT_EQ(counts.batches[0].rows, 1);
  EXPECT_EQ(counts.batches[1].rows, 3);
  ExpectDuration(counts.batches[1].compute_input, 1, 1'000);
  ExpectDuration(counts.batches[1].compute_infer, 1, 20'000);
  ExpectDuration(counts.batches[1].compute_output, 1, 3'000);
}

TEST(ServableStatistics, ACacheHitSucceedsWithoutARun) {
  ServableStatistics statistics;
  statistics.CacheMiss(microseconds(9));
  statistics.CacheHit(microseconds(5), microseconds(2));
  const StatisticsCounts counts = statistics.Read();
  ExpectDuration(counts.success, 1, 5'000);
  ExpectDuration(counts.queue, 1, 0);
  ExpectDuration(counts.cache_hit, 1, 2'000);
  ExpectDuration(counts.cache_miss, 1, 9'000);
  ExpectDuration(counts.compute_infer, 0, 0);
  EXPECT_EQ(counts.inference_count, 0u);
  EXPECT_EQ(counts.execution_count, 0u);
  EXPECT_GT(counts.last_inference_ms, 0u);
}

TEST(ServableStatistics, AFailureCountsAsOneAlone) {
  ServableStatistics statistics;
  statistics.Failure(microseconds(4));
  const StatisticsCounts counts = statistics.Read();
  ExpectDuration(counts.fail, 1, 4'000);
  ExpectDuration(counts.success, 0, 0);
  ExpectDuration(counts.queue, 0, 0);
}

TEST(ServableStatistics, SizesAreBounded) {
  ServableStatistics statistics;
  const auto runs = static_cast<int64_t>(ServableStatistics::kMaxSizes) + 10;
  for (int64_t rows = 1; rows <= runs; ++rows) statistics.Run(rows, kTiming);
  const StatisticsCounts counts = statistics.Read();
  EXPECT_EQ(counts.batches.size(), ServableStatistics::kMaxSizes);
  EXPECT_EQ(counts.execution_count, static_cast<uint64_t>(runs));
}

TEST(ServableStatistics, NothingIsLostBetweenThreads) {
  constexpr uint64_t kThreads = 12;
  constexpr uint64_t kEach = 2000;
  ServableStatistics statistics;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (uint64_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&statistics] {
      for (uint64_t n = 0; n < kEach; ++n) {
        statistics.Run(2, kTiming);
        statistics.Success(2, microseconds(2), microseconds(1), kTiming);
        statistics.Failure(microseconds(1));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const StatisticsCounts counts = statistics.Read();
  ExpectDuration(counts.success, kThreads * kEach, kThreads * kEach * 2'000);
  ExpectDuration(counts.fail, kThreads * kEach, kThreads * kEach * 1'000);
  EXPECT_EQ(counts.inference_count, 2 * kThreads * kEach);
  EXPECT_EQ(counts.execution_count, kThreads * kEach);
  ASSERT_EQ(counts.batches.size(), 1u);
  ExpectDuration(counts.batches[0].compute_infer, kThreads * kEach, kThreads * kEach * 20'000);
}

TEST(ServableStatistics, EveryRequestIsSeenWhole) {
  ServableStatistics statistics;
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  threads.reserve(3);
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!done.load()) statistics.Success(2, microseconds(5), microseconds(1), kTiming);
    });
  }
  for (int i = 0; i < 20000; ++i) {
    const StatisticsCounts counts = statistics.Read();
    ASSERT_EQ(counts.compute_input.count, counts.compute_infer.count);
    ASSERT_EQ(counts.compute_output.count, counts.compute_infer.count);
    ASSERT_EQ(counts.queue.count, counts.success.count);
    ASSERT_EQ(counts.compute_infer.ns, counts.compute_infer.count * 20'000);
    ASSERT_EQ(counts.inference_count, 2 * counts.success.count);
  }
  done.store(true);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace flambeau
