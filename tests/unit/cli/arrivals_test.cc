#include "cli/bench/arrivals.h"

#include <gtest/gtest.h>

#include <cmath>

namespace flambeau::client {
namespace {

double SecondsBetween(Time from, Time to) {
  return std::chrono::duration<double>(to - from).count();
}

TEST(ArrivalsTest, ConstantOnesAreEvenlySpacedWithoutDrift) {
  const Time start{std::chrono::hours(5)};
  Arrivals arrivals(300, Arrivals::Distribution::kConstant, start, 1);
  const Time first = arrivals.next();
  EXPECT_GE(first, start);
  EXPECT_LT(SecondsBetween(start, first), 1 / 300.0);
  for (int i = 0; i < 300 * 3600; ++i) arrivals.Pop();
  EXPECT_NEAR(SecondsBetween(first, arrivals.next()), 3600, 1e-6);
}

TEST(ArrivalsTest, PoissonOnesHaveTheRateAndItsSpread) {
  const Time start{};
  Arrivals arrivals(1000, Arrivals::Distribution::kPoisson, start, 2);
  constexpr int kCount = 100000;
  double squares = 0;
  Time last = arrivals.next();
  for (int i = 0; i < kCount; ++i) {
    arrivals.Pop();
    const double gap = SecondsBetween(last, arrivals.next());
    ASSERT_GE(gap, 0);
    squares += gap * gap;
    last = arrivals.next();
  }
  const double mean = SecondsBetween(start, last) / kCount;
  EXPECT_NEAR(mean, 0.001, 0.00002);
  // An exponential gap is as wide as it is long on average.
  EXPECT_NEAR(std::sqrt(squares / kCount - mean * mean) / mean, 1, 0.03);
}

TEST(ArrivalsTest, AnotherSeedGivesOtherTimes) {
  const Arrivals one(10, Arrivals::Distribution::kConstant, Time{}, 1);
  const Arrivals same(10, Arrivals::Distribution::kConstant, Time{}, 1);
  const Arrivals other(10, Arrivals::Distribution::kConstant, Time{}, 2);
  EXPECT_EQ(one.next(), same.next());
  EXPECT_NE(one.next(), other.next());
}

}  // namespace
}  // namespace flambeau::client
