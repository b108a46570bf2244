#include "batching/tuning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace flambeau {
namespace {

using std::chrono::microseconds;
using ::testing::HasSubstr;

constexpr TuningScope kAll{true, true, true, 2};

TuningCurve Curve(int instances, int threads, const std::vector<double>& rates) {
  TuningCurve curve{instances, threads, {}};
  int64_t rows = 1;
  for (const double rate : rates) {
    const double seconds = instances * static_cast<double>(rows) / rate;
    const auto run = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
    curve.points.push_back({rows, run, rate});
    rows *= 2;
  }
  return curve;
}

TEST(TuningTest, TheSmallestBatchThatNearlyReachesTheBestRateIsChosen) {
  const Tuned tuned = ChooseTuning({Curve(2, 1, {100, 180, 191, 200})}, kAll, true);
  EXPECT_EQ(tuned.instances, 2);
  EXPECT_EQ(tuned.threads, 1);
  EXPECT_EQ(tuned.max_batch_size, 4) << "191 is within 5 % of 200, 180 is not";
  EXPECT_THAT(tuned.summary, HasSubstr("2 x 1 (instances x threads) gives 191 rows/s in batches "
                                       "of 4;"));
}

TEST(TuningTest, OfNearlyEqualsTheFewestThreadsAreChosen) {
  const Tuned tie = ChooseTuning({Curve(2, 1, {100, 196}), Curve(1, 2, {90, 200})}, kAll, true);
  EXPECT_EQ(tie.instances, 2);
  EXPECT_EQ(tie.max_batch_size, 2);
  const Tuned larger = ChooseTuning({Curve(2, 1, {90, 196}), Curve(1, 2, {200})}, kAll, true);
  EXPECT_EQ(larger.instances, 2) << "though in larger batches";
  const Tuned clear = ChooseTuning({Curve(2, 1, {100, 180}), Curve(1, 2, {90, 200})}, kAll, true);
  EXPECT_EQ(clear.instances, 1);
  EXPECT_EQ(clear.threads, 2);
}

TEST(TuningTest, RowsThatAreNotMergedChooseAlone) {
  const std::vector<TuningCurve> curves = {Curve(2, 1, {80, 400}), Curve(1, 2, {100, 150})};
  const Tuned tuned = ChooseTuning(curves, kAll, false);
  EXPECT_EQ(tuned.threads, 2);
  EXPECT_EQ(tuned.max_batch_size, 0) << "what was said holds";
}

TEST(TuningTest, OnlyWhatIsInScopeIsChosen) {
  const std::vector<TuningCurve> curves = {Curve(2, 1, {100, 180, 200})};
  const Tuned batch = ChooseTuning(curves, {false, false, true, 2}, true);
  EXPECT_EQ(batch.instances, 0);
  EXPECT_EQ(batch.threads, 0);
  EXPECT_EQ(batch.max_batch_size, 4);
  EXPECT_EQ(ChooseTuning(curves, {true, true, false, 2}, true).max_batch_size, 0);
}

TEST(TuningTest, AModelThatTakesBatchesGoesOnTakingThem) {
  EXPECT_EQ(ChooseTuning({Curve(2, 1, {100, 90, 80})}, kAll, true).max_batch_size, 2);
  EXPECT_EQ(ChooseTuning({Curve(2, 1, {100})}, kAll, true).max_batch_size, 0) << "none was tried";
}

TEST(TuningTest, NothingMeasuredChoosesNothing) {
  EXPECT_EQ(ChooseTuning({}, kAll, true), Tuned());
  EXPECT_EQ(ChooseTuning({Curve(2, 1, {})}, kAll, true), Tuned());
}

TEST(TuningTest, ACurveIsALine) {
  TuningCurve curve;
  for (const int64_t rows : {1, 2, 4, 8}) {
    curve.points.push_back({rows, microseconds(100 + 7 * rows), 1});
  }
  EXPECT_NEAR(static_cast<double>(curve.t0().count()), 100e3, 10);
  EXPECT_NEAR(static_cast<double>(curve.per_row().count()), 7e3, 10);
  EXPECT_EQ(TuningCurve().t0(), Duration::zero());
}

}  // namespace
}  // namespace flambeau
