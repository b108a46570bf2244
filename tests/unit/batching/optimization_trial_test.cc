#include "batching/optimization_trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <string>
#include <vector>

#include "backend/fake/fake_backend.h"
#include "backend/fake/fake_clock.h"

namespace flambeau {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr Optimization kFreeze = Optimization::kFreeze;
constexpr Optimization kInference = Optimization::kOptimizeForInference;
constexpr Optimization kChannels = Optimization::kChannelsLast;

Optimizations Of(std::initializer_list<Optimization> list) {
  Optimizations set;
  for (const Optimization one : list) set.Add(one);
  return set;
}

// What an optimisation does to the fake model.
struct Change {
  double time = 1;  // its share of the time before
  std::function<void(FakeBatch&)> effect = nullptr;
  Status load = OkStatus();
  Status run = OkStatus();
  bool applies = true;
};

class OptimizationTrialTest : public ::testing::Test {
 protected:
  TrialResult Try() {
    FakeModel plain(facts_, ScriptFor({}));
    return TryOptimizations(
        &plain, [this](Optimizations wanted) { return Load(wanted); }, options_, &clock_,
        &stopwatch_);
  }
  Optimizations Kept() { return Try().kept; }
  // The note of the first optimisation.
  std::string Why() { return Try().notes.at(0); }

  Result<std::shared_ptr<Model>> Load(Optimizations wanted) {
    loads_.push_back(wanted);
    Facts facts = facts_;
    for (const auto& [one, change] : changes_) {
      if (!wanted.Has(one)) continue;
      if (!change.load.ok()) return change.load;
      if (change.applies) facts.optimizations.Add(one);
    }
    return std::shared_ptr<Model>(std::make_shared<FakeModel>(facts, ScriptFor(wanted)));
  }
  void Spend(Duration time) {
    clock_.Advance(time);
    stopwatch_.Advance(time);
  }
  FakeScript ScriptFor(Optimizations wanted) {
    FakeScript script = script_;
    double time = 1000;
    for (const auto& [one, change] : changes_) {
      if (!wanted.Has(one)) continue;
      time *= change.time;
      if (change.effect) script.effect = change.effect;
      if (!change.run.ok())
        script.fail = [failure = change.run](const FakeBatch&) { return failure; };
    }
    script.on_probe_run = [this, time](int64_t rows) {
      Spend(std::chrono::microseconds(static_cast<int64_t>(time) * rows));
      clock_.Advance(others_);
    };
    return script;
  }

  Facts facts_ = FakeFacts();
  FakeScript script_;
  TrialOptions options_;
  FakeClock clock_;
  FakeClock stopwatch_;
  Duration others_{};  // what the machine runs beside each run
  std::map<Optimization, Change> changes_{{kFreeze, {}}, {kInference, {}}, {kChannels, {}}};
  std::vector<Optimizations> loads_;
};

TEST_F(OptimizationTrialTest, KeepsWhatIsFasterAndAnswersTheSame) {
  changes_[kFreeze].time = 0.5;
  const TrialResult result = Try();
  EXPECT_EQ(result.kept, Of({kFreeze}));
  EXPECT_THAT(result.notes,
              ElementsAre("freeze is used: the same answers, 2.00 times as fast",
                          HasSubstr("optimize-for-inference is not used: it saves too little time"),
                          HasSubstr("channels-last is not used: it saves too little time")));
}

TEST_F(OptimizationTrialTest, EachIsTriedOnTopOfThoseKept) {
  changes_[kFreeze].time = 0.9;
  changes_[kInference].time = 1.2;
  changes_[kChannels].time = 0.8;
  EXPECT_EQ(Kept(), Of({kFreeze, kChannels}));
  EXPECT_THAT(loads_,
              ElementsAre(Of({kFreeze}), Of({kFreeze, kInference}), Of({kFreeze, kChannels})));
}

TEST_F(OptimizationTrialTest, ThreePercentIsWorthIt) {
  changes_[kFreeze].time = 0.98;
  EXPECT_EQ(Kept(), Optimizations());
  changes_[kFreeze].time = 0.96;
  EXPECT_EQ(Kept(), Of({kFreeze}));
}

// A millisecond that nobody can tell from ten.
TEST_F(OptimizationTrialTest, WhatOthersRunMeanwhileDoesNotCount) {
  changes_[kFreeze].time = 0.8;
  others_ = std::chrono::milliseconds(10);
  EXPECT_EQ(Kept(), Of({kFreeze}));
}

// Faster in six of ten runs, by much: another day it is slower in six.
TEST_F(OptimizationTrialTest, ChanceDoesNotDecide) {
  changes_[kFreeze] = {0.5, [this, runs = 0](FakeBatch& batch) mutable {
                         if (++runs % 5 > 2) Spend(std::chrono::milliseconds(batch.rows));
                       }};
  EXPECT_EQ(Why(), "freeze is not used: it saves too little time (1.00 times as fast)");
}

TEST_F(OptimizationTrialTest, OneThatChangesAnswersALittleIsNotKept) {
  changes_[kFreeze] = {0.1, [](FakeBatch& batch) {
                         for (double& y : batch.out) y *= 1.0005;
                       }};
  EXPECT_EQ(Why(), "freeze is not used: it changes answers");
}

TEST_F(OptimizationTrialTest, RoundingMayDiffer) {
  changes_[kFreeze] = {0.1, [](FakeBatch& batch) {
                         for (double& y : batch.out) y *= 1 + 2e-6;
                       }};
  EXPECT_EQ(Kept(), Of({kFreeze}));
}

TEST_F(OptimizationTrialTest, OneThatChangesTheLargestBatchAloneIsNotKept) {
  changes_[kFreeze] = {0.1, [](FakeBatch& batch) {
                         if (batch.rows == 32) batch.out[63] += 1;
                       }};
  EXPECT_EQ(Why(), "freeze is not used: it changes answers of batches");
}

// An executor compiles in its second or third run.
TEST_F(OptimizationTrialTest, OneThatChangesALaterRunIsNotKept) {
  changes_[kFreeze] = {0.1, [runs = 0](FakeBatch& batch) mutable {
                         if (++runs > 2) batch.out[0] += 1;
                       }};
  EXPECT_EQ(Why(), "freeze is not used: it changes answers");
}

TEST_F(OptimizationTrialTest, OneThatLosesOnBatchesIsNotKept) {
  changes_[kFreeze] = {0.5, [this](FakeBatch& batch) {
                         if (batch.rows > 1) Spend(batch.rows * std::chrono::milliseconds(1));
                       }};
  EXPECT_THAT(Why(), HasSubstr("it saves too little time (0.67 times as fast)"));
}

TEST_F(OptimizationTrialTest, OneThatFailsIsNotKept) {
  changes_[kFreeze].load = InvalidArgument("there is no forward");
  EXPECT_EQ(Why(), "freeze is not used: it cannot be applied: there is no forward");
  changes_[kFreeze] = {};
  changes_[kFreeze].run = Internal("it broke");
  EXPECT_EQ(Why(), "freeze is not used: the model fails with it: it broke");
}

TEST_F(OptimizationTrialTest, OneThatFindsNothingToDoIsSaidSo) {
  changes_[kFreeze] = {0.1};
  changes_[kFreeze].applies = false;
  EXPECT_EQ(Why(), "freeze is not used: it finds nothing to do in this model");
}

TEST_F(OptimizationTrialTest, WhatIsNotAllowedIsNotTried) {
  options_.allowed.Remove(kFreeze);
  options_.allowed.Remove(kChannels);
  Try();
  EXPECT_THAT(loads_, ElementsAre(Of({kInference})));
  options_.allowed = {};
  EXPECT_THAT(Try().notes, IsEmpty());
}

TEST_F(OptimizationTrialTest, ThereIsAnEndToIt) {
  options_.budget = std::chrono::milliseconds(200);
  changes_[kFreeze].time = 0.5;
  const TrialResult result = Try();
  EXPECT_EQ(result.kept, Of({kFreeze}));
  EXPECT_THAT(result.notes, Contains("channels-last is not used: there was no time to try it"));
}

// Nothing is loaded where a comparison would not tell of every path.
TEST_F(OptimizationTrialTest, WhereTheStaticProofDoesNotHoldNothingIsTried) {
  facts_.methods[0].static_proof = {Verdict::kRefused, "branches on a value"};
  EXPECT_THAT(Try().notes, ElementsAre(HasSubstr("values may choose the path")));
  facts_ = FakeFactsUnknownShape();
  EXPECT_THAT(Try().notes, ElementsAre(HasSubstr("shapes or values")));
  facts_ = FakeFacts();
  facts_.methods.push_back(FakeFactsUnknownShape().methods[0]);
  EXPECT_THAT(Try().notes, ElementsAre(HasSubstr("shapes or values"))) << "of another method";
  facts_ = FakeFacts();
  facts_.methods[0].arguments.push_back(facts_.methods[0].arguments[0]);
  facts_.methods[0].arguments[1].optional = true;
  EXPECT_THAT(Try().notes, ElementsAre(HasSubstr("shapes or values"))) << "absent or not";
  facts_ = FakeFacts();
  facts_.writes_state = true;
  EXPECT_THAT(Try().notes, ElementsAre(HasSubstr("writes its attributes")));
  EXPECT_THAT(loads_, IsEmpty());
}

TEST_F(OptimizationTrialTest, AnswersThatTellNothingProveNothing) {
  script_.effect = [](FakeBatch& batch) { std::fill(batch.out.begin(), batch.out.end(), 0.0); };
  EXPECT_THAT(Try().notes, ElementsAre(HasSubstr("nearly the same answers")));
  script_.effect = [](FakeBatch& batch) {
    batch.out[0] = std::numeric_limits<double>::quiet_NaN();
  };
  EXPECT_THAT(Try().notes, ElementsAre(HasSubstr("not finite")));
  script_.effect = nullptr;
  script_.memory_rows = 8;
  EXPECT_THAT(Try().notes, ElementsAre(HasSubstr("its largest batch fails")));
  EXPECT_THAT(loads_, IsEmpty());
}

}  // namespace
}  // namespace flambeau
