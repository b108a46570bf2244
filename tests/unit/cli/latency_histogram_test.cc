#include "cli/bench/latency_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace flambeau::client {
namespace {

int64_t Exact(const std::vector<int64_t>& sorted, double percent) {
  const auto rank = static_cast<size_t>(std::ceil(percent / 100 * sorted.size()));
  return sorted[std::max<size_t>(rank, 1) - 1];
}

TEST(LatencyHistogramTest, AgreesWithExactPercentilesToAThousandth) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> spread(12, 3);  // from microseconds to minutes
  std::vector<int64_t> values;
  LatencyHistogram histogram;
  double sum = 0;
  for (int i = 0; i < 100000; ++i) {
    values.push_back(static_cast<int64_t>(std::min(spread(random), 4e12)));
    histogram.Record(values.back());
    sum += static_cast<double>(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double percent : {0.0, 1.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0}) {
    const int64_t exact = Exact(values, percent);
    EXPECT_GE(histogram.Percentile(percent), exact) << percent;
    EXPECT_LE(histogram.Percentile(percent), exact + exact / 1000 + 1) << percent;
  }
  EXPECT_EQ(histogram.max(), values.back());
  EXPECT_EQ(histogram.count(), 100000);
  EXPECT_NEAR(histogram.Mean(), sum / 100000, sum / 100000 * 1e-9);
}

TEST(LatencyHistogramTest, IsExactWhereBucketsAreOneWide) {
  for (const int64_t value : {0, 1, 1023, 1024, 2047}) {
    LatencyHistogram histogram;
    histogram.Record(value);
    histogram.Record(1000000);
    EXPECT_EQ(histogram.Percentile(50), value);
  }
}

TEST(LatencyHistogramTest, EveryBorderOfABucketIsHeld) {
  for (int bit = 11; bit < 42; ++bit) {
    for (const int64_t value :
         {(int64_t{1} << bit) - 1, int64_t{1} << bit, (int64_t{1} << bit) + 1}) {
      LatencyHistogram histogram;
      histogram.Record(value);
      histogram.Record(int64_t{1} << 50);
      EXPECT_GE(histogram.Percentile(50), value);
      EXPECT_LE(histogram.Percentile(50), value + value / 1000) << value;
    }
  }
}

TEST(LatencyHistogramTest, KeepsWhatLiesOutside) {
  LatencyHistogram histogram;
  histogram.Record(-5);
  EXPECT_EQ(histogram.Percentile(100), 0);
  histogram.Record(int64_t{1} << 60);
  EXPECT_EQ(histogram.max(), int64_t{1} << 60);
  EXPECT_EQ(histogram.count(), 2);
}

TEST(LatencyHistogramTest, AddsUp) {
  LatencyHistogram one;
  LatencyHistogram other;
  for (int i = 1; i <= 99; ++i) one.Record(10);
  other.Record(1000);
  one.Add(other);
  EXPECT_EQ(one.count(), 100);
  EXPECT_EQ(one.Percentile(99), 10);
  EXPECT_EQ(one.Percentile(99.5), 1000);
  EXPECT_DOUBLE_EQ(one.Mean(), 19.9);
}

TEST(LatencyHistogramTest, EmptyIsZero) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.Percentile(99), 0);
  EXPECT_EQ(histogram.Mean(), 0);
}

}  // namespace
}  // namespace flambeau::client
