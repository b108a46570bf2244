#include "batching/tuning_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backend/fake/fake_backend.h"
#include "backend/fake/fake_clock.h"
#include "backend/fake/fake_journal.h"

namespace flambeau {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class TuningRunsTest : public ::testing::Test {
 protected:
  TuningRunsTest() { Takes(microseconds(1000), microseconds(100)); }

  // A run of b rows: l(b) = t0 + per_row * b. Exact where one worker runs at a time.
  void Takes(Duration t0, Duration per_row) {
    script_.on_run = [this, t0, per_row](int64_t rows) { clock_.Advance(t0 + per_row * rows); };
  }
  std::vector<TuningCurve> Measure() {
    return MeasureTuning(facts_, options_,
                         {[this](int threads) { return Load(threads); }, &clock_,
                          [this](const std::string& step) { steps_.push_back(step); }});
  }
  Result<std::shared_ptr<Model>> Load(int threads) {
    loads_.push_back(threads);
    return std::shared_ptr<Model>(std::make_shared<FakeModel>(facts_, script_));
  }
  static std::vector<int64_t> SizesOf(const TuningCurve& curve) {
    std::vector<int64_t> sizes;
    for (const TuningPoint& point : curve.points) sizes.push_back(point.rows);
    return sizes;
  }
  static std::vector<std::pair<int, int>> PairsOf(const std::vector<TuningCurve>& curves) {
    std::vector<std::pair<int, int>> pairs;
    pairs.reserve(curves.size());
    for (const TuningCurve& curve : curves) pairs.emplace_back(curve.instances, curve.threads);
    return pairs;
  }

  FakeClock clock_;
  Facts facts_ = FakeFacts();
  FakeScript script_;
  TuningOptions options_;
  std::vector<int> loads_;
  std::vector<std::string> steps_;
};

TEST_F(TuningRunsTest, MeasuresEachSize) {
  options_.max_batch_size = 6;
  const std::vector<TuningCurve> curves = Measure();
  ASSERT_EQ(curves.size(), 1u);
  EXPECT_THAT(SizesOf(curves[0]), ElementsAre(1, 2, 4, 6));
  EXPECT_EQ(curves[0].points[2].run, microseconds(1400));
  EXPECT_NEAR(curves[0].points[2].rows_per_second, 4 / 1.4e-3, 1);
  EXPECT_NEAR(static_cast<double>(curves[0].per_row().count()), 100e3, 10);
  EXPECT_THAT(steps_, Contains("it was tuned (1 x 1, batches of 4)"));
}

TEST_F(TuningRunsTest, PairsFillTheCores) {
  options_.max_batch_size = 1;
  options_.scope = {true, true, true, 6};
  EXPECT_THAT(PairsOf(Measure()),
              ElementsAre(std::pair(6, 1), std::pair(3, 2), std::pair(1, 4), std::pair(1, 6)));
  EXPECT_THAT(loads_, ElementsAre(1, 2, 4, 6));
}

TEST_F(TuningRunsTest, WhatWasSaidStays) {
  options_.max_batch_size = 1;
  options_.scope = {false, true, true, 4};
  options_.instances = 2;
  EXPECT_THAT(PairsOf(Measure()), ElementsAre(std::pair(2, 1), std::pair(2, 2)));
  options_.scope = {true, false, true, 4};
  options_.threads = 3;
  EXPECT_THAT(PairsOf(Measure()), ElementsAre(std::pair(1, 3)));
  options_.scope = {false, false, true, 4};
  options_.instances = 9;
  EXPECT_THAT(PairsOf(Measure()), ElementsAre(std::pair(9, 3)));
}

// Each worker's first run waits until all have begun theirs.
TEST_F(TuningRunsTest, WorkersRunAtOnce) {
  std::atomic<int> begun{0};
  script_.on_run = [&](int64_t rows) {
    thread_local bool first = true;
    if (std::exchange(first, false)) {
      ++begun;
      for (int seen = begun; seen < 3; seen = begun) begun.wait(seen);
      begun.notify_all();
    }
    clock_.Advance(milliseconds(rows));
  };
  options_.max_batch_size = 1;
  options_.instances = 3;
  EXPECT_THAT(Measure()[0].points, SizeIs(1));
}

TEST_F(TuningRunsTest, RowsThatMayNotBeMergedRunAlone) {
  facts_.methods[0].static_proof = {Verdict::kRefused, "branches on a value"};
  EXPECT_THAT(SizesOf(Measure()[0]), ElementsAre(1));
}

TEST_F(TuningRunsTest, AModelThatWritesItsAttributesHasOneWorker) {
  facts_.writes_state = true;
  options_.scope = {true, true, true, 2};
  const std::vector<TuningCurve> curves = Measure();
  EXPECT_THAT(PairsOf(curves), ElementsAre(std::pair(1, 1), std::pair(1, 2)));
  EXPECT_THAT(SizesOf(curves[0]), ElementsAre(1));
}

TEST_F(TuningRunsTest, ABatchThatFailsEndsItsCurve) {
  script_.memory_rows = 4;
  EXPECT_THAT(SizesOf(Measure()[0]), ElementsAre(1, 2, 4));
}

TEST_F(TuningRunsTest, SlowRunsThatGainNothingEndTheCurve) {
  options_.budget = std::chrono::hours(1);
  options_.max_batch_size = 64;
  Takes(milliseconds(60), milliseconds(60));
  EXPECT_THAT(SizesOf(Measure()[0]), ElementsAre(1, 2, 4, 8, 16, 32)) << "32 gains 3 %";
  Takes(milliseconds(0), milliseconds(60));
  EXPECT_THAT(SizesOf(Measure()[0]), ElementsAre(1, 2));
}

// A worker runs 6 times or more for each size.
TEST_F(TuningRunsTest, ThereIsAnEndToIt) {
  Takes(milliseconds(1000), milliseconds(0));
  const TimePoint begin = clock_.Now();
  EXPECT_THAT(SizesOf(Measure()[0]), ElementsAre(1, 2));
  EXPECT_LE(clock_.Now() - begin, options_.budget);
  options_.budget = milliseconds(2500);
  EXPECT_THAT(Measure()[0].points, IsEmpty());
}

TEST_F(TuningRunsTest, WithoutShapesNothingRuns) {
  facts_ = FakeFactsUnknownShape();
  EXPECT_THAT(Measure(), IsEmpty());
  EXPECT_THAT(loads_, IsEmpty());
}

}  // namespace
}  // namespace flambeau
