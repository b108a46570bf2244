// When proofs run, and what they change.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "batching/scheduler.h"
#include "batching/scheduler_fixture.h"

namespace flambeau {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SchedulerProofTest : public SchedulerFixture {
 protected:
  // Rows of two requests sent while the worker was busy.
  std::vector<int64_t> RowsOfTwo(const std::vector<Value>& arguments) {
    journal_.Clear();
    const auto busy = Occupy();
    const auto first = SubmitAll(arguments);
    const auto second = SubmitAll(arguments);
    latch_.Open();
    return {first->BatchRows(), second->BatchRows()};
  }
};

TEST_F(SchedulerProofTest, RunsAtLoadWhereShapesAreKnown) {
  Create();
  EXPECT_EQ(scheduler_->proof(0).verdict, Verdict::kProven);
  EXPECT_EQ(observer_.verdicts(), 1u);
  EXPECT_THAT(RowsOfTwo({TensorOf({1, 2})}), Each(2));
}

TEST_F(SchedulerProofTest, AModelThatMixesRowsIsRefusedAtLoad) {
  script_.effect = [](FakeBatch& batch) {
    double mean = 0;
    for (const double x : batch.in) mean += x / static_cast<double>(batch.in.size());
    for (double& y : batch.out) y += 1e-4 * mean;
  };
  Create();
  EXPECT_EQ(scheduler_->proof(0).verdict, Verdict::kRefused);
  EXPECT_THAT(observer_.AwaitVerdict(1).reason, HasSubstr("batch of 2"));
  EXPECT_THAT(RowsOfTwo({TensorOf({1, 2})}), Each(1));
}

TEST_F(SchedulerProofTest, RunsInTheBackgroundWithTheFirstRealInput) {
  facts_ = FakeFactsUnknownShape();
  FakeLatch probe;
  probe.Close();
  script_.on_probe_run = [&](int64_t) { probe.Pass(); };
  Create();
  EXPECT_EQ(scheduler_->proof(0).verdict, Verdict::kUnproven);
  const auto first = Submit(TensorOf({1, 2, 3}));
  EXPECT_THAT(first->Numbers(), ElementsAre(2, 4, 6));
  probe.AwaitHeld(1);
  EXPECT_THAT(RowsOfTwo({TensorOf({1, 2, 3})}), Each(1)) << "meanwhile nothing is merged";
  probe.Open();
  EXPECT_EQ(observer_.AwaitVerdict(1).verdict, Verdict::kProven);
  EXPECT_EQ(scheduler_->proof(0).verdict, Verdict::kProven);
  EXPECT_THAT(RowsOfTwo({TensorOf({1, 2, 3})}), Each(2));
  ASSERT_TRUE(observer_.probe_result());
  EXPECT_THAT(NumbersOf(*observer_.probe_result()), ElementsAre(2, 4, 6));
  EXPECT_EQ(observer_.verdicts(), 1u) << "once per method";
}

TEST_F(SchedulerProofTest, ARequestThatFailedIsNoTemplate) {
  facts_ = FakeFactsUnknownShape();
  script_.poison = 13;
  Create();
  EXPECT_EQ(Submit(TensorOf({13, 1}))->Code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(observer_.verdicts(), 0u);
  EXPECT_TRUE(Submit(TensorOf({1, 1}))->Wait().ok());
  EXPECT_EQ(observer_.AwaitVerdict(1).verdict, Verdict::kProven);
}

TEST_F(SchedulerProofTest, AVacuousProofIsTriedAgainWithLaterInputs) {
  facts_ = FakeFactsUnknownShape();
  auto dead = std::make_shared<std::atomic<bool>>(true);
  script_.effect = [dead](FakeBatch& batch) {
    if (*dead) std::fill(batch.out.begin(), batch.out.end(), 0.0);
  };
  Create();
  Submit(TensorOf({1, 1}))->Wait();
  EXPECT_EQ(observer_.AwaitVerdict(1).verdict, Verdict::kUnproven);
  *dead = false;
  Submit(TensorOf({1, 2}))->Wait();
  EXPECT_EQ(observer_.AwaitVerdict(2).verdict, Verdict::kProven);
}

TEST_F(SchedulerProofTest, VacuousProofsComeToAnEnd) {
  facts_ = FakeFactsUnknownShape();
  script_.effect = [](FakeBatch& batch) { std::fill(batch.out.begin(), batch.out.end(), 0.0); };
  Create();
  for (size_t i = 1; i <= 3; ++i) {
    Submit(TensorOf({1, 1}))->Wait();
    EXPECT_EQ(observer_.AwaitVerdict(i).verdict, Verdict::kUnproven);
  }
  for (int i = 0; i < 3; ++i) Submit(TensorOf({1, 1}))->Wait();
  EXPECT_EQ(observer_.verdicts(), 3u);
}

// forward(x, flag): rows are mixed only where the flag is set.
TEST_F(SchedulerProofTest, EachValueOfAnotherArgumentIsProvenByItself) {
  facts_ = FakeFactsUnknownShape();
  ArgumentFact flag;
  flag.name = "flag";
  flag.type = "bool";
  flag.kind = ValueKind::kBool;
  facts_.methods[0].arguments.push_back(flag);
  script_.effect = [](FakeBatch& batch) {
    if (!std::get<bool>(batch.arguments[1].data)) return;
    for (double& y : batch.out) y += 0.1 * batch.in.back();
  };
  Create();
  SubmitAll({TensorOf({1, 2}), Value{false}})->Wait();
  EXPECT_EQ(observer_.AwaitVerdict(1).verdict, Verdict::kProven);
  SubmitAll({TensorOf({1, 2}), Value{true}})->Wait();
  observer_.AwaitVerdict(2);
  EXPECT_EQ(scheduler_->proof(0).verdict, Verdict::kProven) << "of some values";
  latch_.Close();
  auto busy = SubmitAll({TensorOf({1}), Value{false}});
  latch_.AwaitHeld(1);
  std::vector<std::unique_ptr<Reply>> replies;
  for (const bool value : {false, true, false, true}) {
    replies.push_back(SubmitAll({TensorOf({1, 2}), Value{value}}));
  }
  latch_.Open();
  EXPECT_EQ(replies[0]->BatchRows(), 2);
  EXPECT_EQ(replies[1]->BatchRows(), 1);
  EXPECT_EQ(replies[2]->BatchRows(), 2);
  EXPECT_EQ(replies[3]->BatchRows(), 1);
}

TEST_F(SchedulerProofTest, WhatIsKnownIsNotProvenAgain) {
  Create();
  options_.verdicts = scheduler_->verdicts();
  ASSERT_EQ(options_.verdicts.size(), 1u);
  script_.on_probe_run = [](int64_t) { ADD_FAILURE() << "a probe ran"; };
  Create();
  EXPECT_EQ(observer_.verdicts(), 2u) << "it is told all the same";
  EXPECT_EQ(scheduler_->proof(0).verdict, Verdict::kProven);
  EXPECT_THAT(RowsOfTwo({TensorOf({1, 2})}), Each(2));
  options_.verdicts[0].proof = {Verdict::kRefused, "mixes"};
  Create();
  EXPECT_EQ(scheduler_->proof(0).reason, "mixes");
}

TEST_F(SchedulerProofTest, AKnownVerdictMergesNoMoreThanWasTried) {
  Create();
  options_.verdicts = scheduler_->verdicts();
  options_.verdicts[0].rows = 2;
  Create();
  journal_.Clear();
  const auto busy = Occupy();
  std::vector<std::unique_ptr<Reply>> replies;
  replies.reserve(3);
  for (int i = 0; i < 3; ++i) replies.push_back(Submit(TensorOf({1, 2})));
  latch_.Open();
  EXPECT_EQ(replies[0]->BatchRows(), 2);
  EXPECT_EQ(replies[2]->BatchRows(), 1);
}

TEST_F(SchedulerProofTest, AKnownVerdictDoesNotOpenTheStaticGate) {
  Create();
  options_.verdicts = scheduler_->verdicts();
  facts_.methods[0].static_proof = {Verdict::kRefused, "branches on a value"};
  Create();
  EXPECT_EQ(scheduler_->proof(0).reason, "branches on a value");
  options_.verdicts[0].method = 9;
  Create();
  EXPECT_EQ(scheduler_->proof(0).verdict, Verdict::kRefused) << "of a method that is not there";
}

TEST_F(SchedulerProofTest, IsSwitchedOffByItsOption) {
  options_.prove = false;
  Create();
  EXPECT_EQ(scheduler_->proof(0).verdict, Verdict::kUnproven);
  EXPECT_THAT(RowsOfTwo({TensorOf({1, 2})}), Each(1));
}

TEST_F(SchedulerProofTest, AModelThatCannotBeCopiedIsUnproven) {
  script_.probe_failure = ResourceExhausted("no memory for a copy");
  Create();
  EXPECT_EQ(scheduler_->proof(0).verdict, Verdict::kUnproven);
  EXPECT_THAT(scheduler_->proof(0).reason, HasSubstr("no memory for a copy"));
}

TEST_F(SchedulerProofTest, AProofThatTakesLongGoesOnWhileTheModelServes) {
  FakeLatch probe;
  script_.on_probe_run = [&](int64_t rows) {
    if (rows == 2) probe.Pass();
    clock_.Advance(std::chrono::seconds(1));
  };
  probe.Close();
  Create();  // 64 rows alone took 64 seconds; it does not wait for the rest
  EXPECT_EQ(scheduler_->proof(0).verdict, Verdict::kUnproven);
  EXPECT_THAT(Submit(TensorOf({1, 2}))->Numbers(), ElementsAre(2, 4));
  probe.Open();
  EXPECT_EQ(observer_.AwaitVerdict(1).verdict, Verdict::kProven);
}

// It takes what they leave of the cores, not a core that they would wait for.
TEST_F(SchedulerProofTest, GivesWayToRequests) {
  facts_ = FakeFactsUnknownShape();
  FakeLatch probe;
  std::atomic<int> nice{0};
  script_.on_probe_run = [&](int64_t) {
    nice = getpriority(PRIO_PROCESS, 0);  // on Linux of the thread
    probe.Pass();
  };
  probe.Close();
  Create();
  Submit(TensorOf({1, 2}))->Wait();
  probe.AwaitHeld(1);
  EXPECT_TRUE(permits_.TryAcquire(permits_.cores()));
  probe.Open();
  EXPECT_EQ(observer_.AwaitVerdict(1).verdict, Verdict::kProven);
  EXPECT_GE(nice, 5);
  permits_.Release(permits_.cores());
}

TEST_F(SchedulerProofTest, WaitsForItsTurnButNotToBeStopped) {
  facts_ = FakeFactsUnknownShape();
  std::atomic<int> runs{0};
  script_.on_probe_run = [&](int64_t) { ++runs; };
  Create();
  ASSERT_TRUE(permits_.TryAside(Duration::zero()));  // the proof of another model
  Submit(TensorOf({1, 2}))->Wait();
  scheduler_->Stop();
  scheduler_.reset();
  EXPECT_EQ(runs, 0);
  permits_.EndAside();
}

TEST_F(SchedulerProofTest, StoppingDoesNotWaitForTheWholeProof) {
  facts_ = FakeFactsUnknownShape();
  FakeLatch probe;
  std::atomic<int> runs{0};
  script_.on_probe_run = [&](int64_t) {
    ++runs;
    probe.Pass();
  };
  Create();
  probe.Close();
  Submit(TensorOf({1, 2}))->Wait();
  probe.AwaitHeld(1);
  scheduler_->Stop();
  probe.Open();
  scheduler_.reset();
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(observer_.verdicts(), 0u);
}

}  // namespace
}  // namespace flambeau
