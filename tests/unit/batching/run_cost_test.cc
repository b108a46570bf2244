#include "batching/run_cost.h"

#include <gtest/gtest.h>

namespace flambeau {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

int64_t Microseconds(const RunCost& cost, int64_t rows) {
  return duration_cast<microseconds>(cost.Of(rows) + std::chrono::nanoseconds(500)).count();
}

TEST(RunCostTest, KnowsNothingBeforeTheFirstRun) { EXPECT_EQ(RunCost().Of(8), Duration::zero()); }

TEST(RunCostTest, RunsOnALineGiveThatLine) {
  RunCost cost;
  for (const int64_t rows : {1, 8, 3, 32}) cost.Note(rows, microseconds(100 + 10 * rows));
  EXPECT_EQ(Microseconds(cost, 1), 110);
  EXPECT_EQ(Microseconds(cost, 16), 260);
  EXPECT_EQ(Microseconds(cost, 64), 740);
}

TEST(RunCostTest, RunsOfOneSizeSayWhatThatSizeTakesAndNoLessForMore) {
  RunCost cost;
  for (int i = 0; i < 5; ++i) cost.Note(4, microseconds(200));
  EXPECT_EQ(Microseconds(cost, 4), 200);
  EXPECT_EQ(Microseconds(cost, 8), 400);
}

TEST(RunCostTest, NeitherPartIsEverNegative) {
  RunCost falling;
  falling.Note(1, microseconds(300));
  falling.Note(9, microseconds(100));
  EXPECT_EQ(Microseconds(falling, 1), Microseconds(falling, 100));
  RunCost steep;
  steep.Note(10, microseconds(10));
  steep.Note(20, microseconds(1000));
  EXPECT_GE(steep.Of(1), Duration::zero());
}

TEST(RunCostTest, AModelThatBecameSlowerIsKnownAsSlowerSoon) {
  RunCost cost;
  for (int i = 0; i < 1000; ++i) cost.Note(1 + i % 8, microseconds(10));
  for (int i = 0; i < 150; ++i) cost.Note(1 + i % 8, microseconds(1000));
  EXPECT_NEAR(static_cast<double>(Microseconds(cost, 4)), 1000, 50);
}

}  // namespace
}  // namespace flambeau
