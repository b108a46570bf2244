// Who runs with whom, and when.
#include "batching/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "batching/scheduler_fixture.h"

namespace flambeau {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using SchedulerTest = SchedulerFixture;

TEST_F(SchedulerTest, AnIdleWorkerRunsARequestNow) {
  Create();
  const auto reply = Submit(TensorOf({1, 2}));
  EXPECT_THAT(reply->Numbers(), ElementsAre(2, 4));
  EXPECT_EQ(reply->BatchRows(), 1);
  EXPECT_EQ(reply->Wait()->queue, Duration::zero());
  EXPECT_EQ(scheduler_->proof(0).verdict, Verdict::kProven);
}

TEST_F(SchedulerTest, ABusyWorkerCollectsWhatWaits) {
  Create();
  const auto busy = Occupy();
  std::vector<std::unique_ptr<Reply>> replies;
  replies.reserve(10);
  for (int i = 0; i < 5; ++i) replies.push_back(Submit(TensorOf({1.0f * i, 1})));
  EXPECT_EQ(scheduler_->queue_depth(), 5u);
  EXPECT_EQ(observer_.depth(), 5u);
  clock_.Advance(milliseconds(3));
  latch_.Open();
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(replies[i]->Numbers(), ElementsAre(2.0f * i, 2));
    EXPECT_EQ(replies[i]->BatchRows(), 5);
    EXPECT_EQ(replies[i]->Wait()->queue, milliseconds(3));
  }
  EXPECT_THAT(journal_.rows(), ElementsAre(1, 5));
  EXPECT_EQ(observer_.depth(), 0u);
}

TEST_F(SchedulerTest, ABatchHoldsNoMoreThanItsMaximum) {
  options_.max_batch_size = 4;
  Create();
  const auto busy = Occupy();
  std::vector<std::unique_ptr<Reply>> replies;
  replies.reserve(10);
  for (int i = 0; i < 9; ++i) replies.push_back(Submit(TensorOf({1.0f * i, 1})));
  latch_.Open();
  for (int i = 0; i < 9; ++i) EXPECT_THAT(replies[i]->Numbers(), ElementsAre(2.0f * i, 2));
  EXPECT_THAT(journal_.rows(), ElementsAre(1, 4, 4, 1));
}

TEST_F(SchedulerTest, RowsCountNotRequests) {
  options_.max_batch_size = 4;
  Create();
  const auto busy = Occupy();
  const auto three = Submit(TensorOf({1, 1, 2, 2, 3, 3}, 3));
  const auto two = Submit(TensorOf({4, 4, 5, 5}, 2));
  const auto one = Submit(TensorOf({6, 6}));
  latch_.Open();
  EXPECT_THAT(three->Numbers(), ElementsAre(2, 2, 4, 4, 6, 6));
  EXPECT_THAT(two->Numbers(), ElementsAre(8, 8, 10, 10));
  EXPECT_THAT(one->Numbers(), ElementsAre(12, 12));
  EXPECT_THAT(journal_.rows(), ElementsAre(1, 3, 3));
}

TEST_F(SchedulerTest, ARequestLargerThanTheMaximumRunsAlone) {
  options_.max_batch_size = 2;
  Create();
  const auto busy = Occupy();
  const auto small = Submit(TensorOf({1, 1}));
  const auto large = Submit(TensorOf({1, 1, 2, 2, 3, 3}, 3));
  const auto later = Submit(TensorOf({2, 2}));
  latch_.Open();
  EXPECT_EQ(small->BatchRows(), 1);
  EXPECT_EQ(large->BatchRows(), 3);
  EXPECT_EQ(later->BatchRows(), 1);
  EXPECT_THAT(journal_.rows(), ElementsAre(1, 1, 3, 1));
}

TEST_F(SchedulerTest, BucketsDoNotCutEachOther) {
  facts_ = FakeFactsUnknownShape();
  Create();
  // The proof needs a first request; the others are of its variant, whatever their shape.
  Submit(TensorOf({1, 2}))->Wait();
  ASSERT_EQ(observer_.AwaitVerdict(1).verdict, Verdict::kProven);
  journal_.Clear();
  const auto busy = Occupy();
  std::vector<std::unique_ptr<Reply>> replies;
  replies.reserve(10);
  for (int i = 0; i < 3; ++i) {
    replies.push_back(Submit(TensorOf({1, 1})));
    replies.push_back(Submit(TensorOf({1, 1, 1})));
  }
  latch_.Open();
  for (const auto& reply : replies) EXPECT_EQ(reply->BatchRows(), 3);
  EXPECT_THAT(journal_.rows(), ElementsAre(1, 3, 3));
}

TEST_F(SchedulerTest, TheOldestBucketGoesFirst) {
  facts_.methods[0].arguments[0].tensor.dims = Shape{-1, 2};
  Create();
  const auto busy = Occupy();
  const auto first = Submit(TensorOf({1, 1, 1}));
  const auto second = Submit(TensorOf({1, 1}));
  const auto third = Submit(TensorOf({1, 1, 1}));
  latch_.Open();
  for (const auto* reply : {&first, &second, &third}) EXPECT_TRUE((*reply)->Wait().ok());
  ASSERT_THAT(journal_.runs(), SizeIs(3));
  EXPECT_EQ(journal_.runs()[1].items, 2u);
  EXPECT_EQ(journal_.runs()[2].items, 1u);
}

TEST_F(SchedulerTest, OneArrivalWakesOneWorkerOfSeveral) {
  options_.instances = 3;
  Create();
  latch_.Close();
  const auto first = Submit(TensorOf({1, 1}));
  latch_.AwaitHeld(1);
  const auto second = Submit(TensorOf({2, 2}));
  latch_.AwaitHeld(2);
  EXPECT_THAT(journal_.rows(), ElementsAre(1, 1));
  latch_.Open();
  EXPECT_THAT(first->Numbers(), ElementsAre(2, 2));
  EXPECT_THAT(second->Numbers(), ElementsAre(4, 4));
}

TEST_F(SchedulerTest, WhatArrivesWhileWaitingForCoresIsMerged) {
  Create();
  std::vector<std::unique_ptr<Reply>> replies;
  replies.reserve(10);
  permits_.Acquire(4);
  for (int i = 0; i < 6; ++i) replies.push_back(Submit(TensorOf({1, 1})));
  EXPECT_THAT(journal_.rows(), IsEmpty());
  permits_.Release(4);
  for (const auto& reply : replies) EXPECT_EQ(reply->BatchRows(), 6);
}

TEST_F(SchedulerTest, PermitsCapWhatRunsAtOnce) {
  CorePermits two(2);
  std::mutex mutex;
  int running = 0;
  int most = 0;
  script_.on_run = [&](int64_t) {
    {
      const std::lock_guard lock(mutex);
      most = std::max(most, ++running);
    }
    latch_.Pass();
    const std::lock_guard lock(mutex);
    --running;
  };
  options_.instances = 4;
  options_.max_batch_size = 1;
  const auto scheduler =
      *Scheduler::Create("fake", std::make_shared<FakeModel>(facts_, script_, &journal_), options_,
                         {&clock_, &two, log_.get(), nullptr});
  latch_.Close();
  std::vector<std::unique_ptr<Reply>> replies;
  replies.reserve(10);
  for (int i = 0; i < 8; ++i) {
    replies.push_back(std::make_unique<Reply>());
    scheduler->Submit({0, {TensorOf({1, 1})}, kNoDeadline, nullptr, replies.back()->Done()});
  }
  latch_.AwaitHeld(2);
  latch_.Open();
  for (const auto& reply : replies) EXPECT_TRUE(reply->Wait().ok());
  EXPECT_EQ(most, 2);
}

TEST_F(SchedulerTest, AQueueDelayHoldsABatchOpenUntilItsTime) {
  options_.max_queue_delay = milliseconds(10);
  Create();
  const TimePoint start = clock_.Now();
  const auto first = Submit(TensorOf({1, 1}));
  clock_.AwaitWaiters(1, start + milliseconds(10));
  clock_.Advance(milliseconds(6));
  const auto second = Submit(TensorOf({2, 2}));
  clock_.AwaitWaiters(1, start + milliseconds(10));
  EXPECT_THAT(journal_.rows(), IsEmpty());
  clock_.Advance(milliseconds(4));
  EXPECT_EQ(first->BatchRows(), 2);
  EXPECT_EQ(second->BatchRows(), 2);
  EXPECT_EQ(second->Wait()->queue, milliseconds(4));
}

TEST_F(SchedulerTest, AFullBatchDoesNotWaitForTheQueueDelay) {
  options_.max_queue_delay = milliseconds(10);
  options_.max_batch_size = 2;
  Create();
  const auto first = Submit(TensorOf({1, 1}));
  clock_.AwaitWaiters(1, clock_.Now() + milliseconds(10));
  const auto second = Submit(TensorOf({2, 2}));
  EXPECT_EQ(first->BatchRows(), 2);
  EXPECT_EQ(second->BatchRows(), 2);
}

TEST_F(SchedulerTest, AQueueDelayLeavesTimeBeforeTheDeadline) {
  options_.max_queue_delay = milliseconds(10);
  Create();
  const TimePoint start = clock_.Now();
  const auto reply = Submit(TensorOf({1, 1}), start + milliseconds(6));
  clock_.AwaitWaiters(1, start + milliseconds(3));
  clock_.Advance(milliseconds(3));
  EXPECT_EQ(reply->BatchRows(), 1);
  EXPECT_EQ(reply->Wait()->queue, milliseconds(3));
}

// The loop alternates 4 and 1 unless the worker waits for the batch's clients to come back.
TEST_F(SchedulerTest, ABatchIsHeldWhileItsClientsReturn) {
  script_.on_run = [this](int64_t) {
    latch_.Pass();
    clock_.Advance(milliseconds(100));
  };
  Create();
  auto busy = Occupy();
  std::vector<std::unique_ptr<Reply>> replies;
  replies.reserve(10);
  for (int i = 0; i < 4; ++i) replies.push_back(Submit(TensorOf({1, 1})));
  latch_.Open();
  for (const auto& reply : replies) EXPECT_EQ(reply->BatchRows(), 4);
  // All four answered; one is back at once, and waits for the others, at most 5 ms.
  const TimePoint end = clock_.Now() + milliseconds(5);
  replies.clear();
  replies.push_back(Submit(TensorOf({1, 1})));
  clock_.AwaitWaiters(1, end);
  for (int i = 0; i < 3; ++i) replies.push_back(Submit(TensorOf({1, 1})));
  for (const auto& reply : replies) EXPECT_EQ(reply->BatchRows(), 4);
  EXPECT_THAT(journal_.rows(), ElementsAre(1, 4, 4));
}

TEST_F(SchedulerTest, AClientThatDoesNotReturnIsNotWaitedForLong) {
  script_.on_run = [this](int64_t) {
    latch_.Pass();
    clock_.Advance(milliseconds(100));
  };
  Create();
  auto busy = Occupy();
  std::vector<std::unique_ptr<Reply>> replies;
  replies.reserve(10);
  for (int i = 0; i < 4; ++i) replies.push_back(Submit(TensorOf({1, 1})));
  latch_.Open();
  for (const auto& reply : replies) EXPECT_EQ(reply->BatchRows(), 4);
  const TimePoint end = clock_.Now() + milliseconds(5);
  const auto alone = Submit(TensorOf({1, 1}));
  clock_.AwaitWaiters(1, end);
  clock_.Advance(milliseconds(5));
  EXPECT_EQ(alone->BatchRows(), 1);
  EXPECT_EQ(alone->Wait()->queue, milliseconds(5));
}

TEST_F(SchedulerTest, UnprovenRequestsAreNeverMerged) {
  facts_.methods[0].static_proof = {Verdict::kUnproven, "an unknown operator"};
  Create();
  const auto busy = Occupy();
  std::vector<std::unique_ptr<Reply>> replies;
  replies.reserve(10);
  for (int i = 0; i < 4; ++i) replies.push_back(Submit(TensorOf({1.0f * i, 1})));
  latch_.Open();
  for (int i = 0; i < 4; ++i) EXPECT_THAT(replies[i]->Numbers(), ElementsAre(2.0f * i, 2));
  EXPECT_THAT(journal_.rows(), ElementsAre(1, 1, 1, 1, 1));
  EXPECT_EQ(scheduler_->proof(0).reason, "an unknown operator");
}

TEST_F(SchedulerTest, AModelThatWritesItsStateHasOneWorkerAndIsNeverMerged) {
  facts_.writes_state = true;
  options_.instances = 3;
  Create();
  EXPECT_EQ(scheduler_->instances(), 1);
  const auto busy = Occupy();
  const auto first = Submit(TensorOf({1, 1}));
  const auto second = Submit(TensorOf({2, 2}));
  latch_.Open();
  EXPECT_EQ(first->BatchRows(), 1);
  EXPECT_EQ(second->BatchRows(), 1);
  EXPECT_EQ(scheduler_->proof(0).verdict, Verdict::kRefused);
}

TEST_F(SchedulerTest, AMinimumRankOfTheStaticGateIsKept) {
  facts_ = FakeFactsUnknownShape();
  facts_.methods[0].static_proof.min_rank = 3;
  Create();
  const auto busy = Occupy();
  const auto first = Submit(TensorOf({1, 1}));
  const auto second = Submit(TensorOf({1, 1}));
  latch_.Open();
  EXPECT_EQ(first->BatchRows(), 1);
  EXPECT_EQ(second->BatchRows(), 1);
  EXPECT_EQ(observer_.verdicts(), 0u) << "no proof begins with such a request";
}

TEST_F(SchedulerTest, AMinimumRankHoldsForItsArgumentAlone) {
  MethodFacts& method = facts_.methods[0];
  method.arguments.push_back(method.arguments[0]);
  method.arguments[1].tensor.dims = Shape{-1};
  method.static_proof.min_rank = 2;
  method.static_proof.min_ranks = {2, 1};
  Create();
  ASSERT_EQ(scheduler_->proof(0).verdict, Verdict::kProven);
  EXPECT_EQ(scheduler_->proof(0).min_ranks, (std::vector<int>{2, 1}));
  const Value vector{TensorOf({1}).tensor()->Reshaped({1})};
  const auto busy = Occupy();
  const auto first = SubmitAll({TensorOf({1, 1}), vector});
  const auto second = SubmitAll({TensorOf({1, 1}), vector});
  latch_.Open();
  EXPECT_EQ(first->BatchRows(), 2);
  EXPECT_EQ(second->BatchRows(), 2);
}

TEST_F(SchedulerTest, RequestsWithoutACommonDimensionRunAlone) {
  ArgumentFact second = facts_.methods[0].arguments[0];
  facts_.methods[0].arguments.push_back(second);
  Create();
  const auto busy = Occupy();
  const auto uneven = SubmitAll({TensorOf({1, 1}), TensorOf({1, 1, 2, 2}, 2)});
  const auto scalar = SubmitAll({Value{int64_t{3}}, Value{}});
  latch_.Open();
  EXPECT_EQ(uneven->BatchRows(), 1);
  EXPECT_EQ(scalar->BatchRows(), 1);
}

TEST_F(SchedulerTest, WarmUpRunsEveryBatchSizeThreeTimes) {
  options_.max_batch_size = 6;
  const auto scheduler =
      *Scheduler::Create("fake", std::make_shared<FakeModel>(facts_, script_, &journal_), options_,
                         {&clock_, &permits_, log_.get(), &observer_});
  EXPECT_THAT(journal_.rows(), ElementsAre(1, 1, 1, 2, 2, 2, 4, 4, 4, 6, 6, 6));
  EXPECT_THAT(observer_.run_rows(), IsEmpty()) << "clients' runs only";
  EXPECT_EQ(observer_.successes(), 0);
  ASSERT_TRUE(observer_.probe_result());
  EXPECT_EQ(observer_.probe_result()->tensor()->shape(), (Shape{1, 2}));
  EXPECT_THAT(observer_.probe_arguments(), SizeIs(1));
}

TEST_F(SchedulerTest, OnAnAcceleratorWarmUpRunsTheOtherSizesOnce) {
  options_.max_batch_size = 6;
  facts_.device = "cuda:0";
  const auto scheduler =
      *Scheduler::Create("fake", std::make_shared<FakeModel>(facts_, script_, &journal_), options_,
                         {&clock_, &permits_, log_.get(), &observer_});
  EXPECT_THAT(journal_.rows(), ElementsAre(1, 1, 1, 2, 2, 2, 4, 4, 4, 6, 6, 6, 3, 5));
}

TEST_F(SchedulerTest, WarmUpEndsWithTheFirstSizeThatTakesLong) {
  options_.max_batch_size = 32;
  script_.compute = std::chrono::milliseconds(20);
  const auto scheduler =
      *Scheduler::Create("fake", std::make_shared<FakeModel>(facts_, script_, &journal_), options_,
                         {&clock_, &permits_, log_.get(), &observer_});
  EXPECT_THAT(journal_.rows(), ElementsAre(1, 1, 1, 2, 2, 2, 4, 4, 4));
}

TEST_F(SchedulerTest, AModelThatFailsToWarmUpStillServes) {
  script_.memory_rows = 0;
  Create();
  EXPECT_EQ(Submit(TensorOf({1, 1}))->Code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(scheduler_->proof(0).verdict, Verdict::kUnproven);
}

TEST_F(SchedulerTest, CreateReturnsTheInstancesError) {
  script_.instance_failure = ResourceExhausted("no memory");
  options_.instances = 2;
  const auto scheduler =
      Scheduler::Create("fake", std::make_shared<FakeModel>(facts_, script_, &journal_), options_,
                        {&clock_, &permits_, log_.get(), &observer_});
  EXPECT_EQ(scheduler.status(), ResourceExhausted("no memory"));
}

}  // namespace
}  // namespace flambeau
