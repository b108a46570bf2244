// Priorities, queue policies and preferred sizes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "batching/policy_fixture.h"
#include "batching/queue_policies.h"

namespace flambeau {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using SchedulerPolicyTest = PolicyFixture;

TEST_F(SchedulerPolicyTest, TheHighestPriorityGoesFirst) {
  WithLevels(3, 2);
  options_.max_batch_size = 1;
  Create();
  const auto busy = Occupy();
  Send("low", {3});
  Send("default", {0});
  Send("middle", {2});
  Send("unknown", {9});
  Send("high", {1});
  Send("high too", {1});
  latch_.Open();
  EXPECT_THAT(answers_.Await(6),
              ElementsAre("high", "high too", "default", "middle", "unknown", "low"));
}

TEST_F(SchedulerPolicyTest, WithoutLevelsAPriorityIsIgnored) {
  options_.max_batch_size = 1;
  Create();
  const auto busy = Occupy();
  Send("first", {9});
  Send("second", {1});
  latch_.Open();
  EXPECT_THAT(answers_.Await(2), ElementsAre("first", "second"));
  EXPECT_FALSE(scheduler_->HasQueuePolicy(1));
}

TEST_F(SchedulerPolicyTest, ABatchHoldsSeveralLevelsTheHighestFirst) {
  WithLevels(2, 2);
  options_.max_batch_size = 2;
  Create();
  const auto busy = Occupy();
  Send("a", {2});
  Send("b", {2});
  Send("c", {1});
  latch_.Open();
  EXPECT_THAT(answers_.Await(3), ElementsAre("c", "a", "b"));
  EXPECT_THAT(journal_.rows(), ElementsAre(1, 2, 1));
}

TEST_F(SchedulerPolicyTest, AnotherShapeOfHigherPriorityGoesFirst) {
  WithLevels(2, 2);
  Create();
  const auto busy = Occupy();
  Send("low", {2});
  Work work = MakeWork({1});
  work.arguments[0] = TensorOf({1, 1, 1});
  work.done = answers_.Done("high");
  scheduler_->Submit(std::move(work));
  latch_.Open();
  EXPECT_THAT(answers_.Await(2), ElementsAre("high", "low"));
}

TEST_F(SchedulerPolicyTest, TooManyLevelsAreRefused) {
  WithLevels(QueuePolicies::kMaxLevels + 1, 1);
  const auto scheduler = Scheduler::Create("fake", std::make_shared<FakeModel>(facts_, script_),
                                           options_, {&clock_, &permits_, log_.get(), nullptr});
  EXPECT_EQ(scheduler.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(scheduler.status())), HasSubstr("priority_levels"));
}

TEST_F(SchedulerPolicyTest, AQueueTimeoutExpiresWhileEveryWorkerIsBusy) {
  options_.default_policy.default_timeout = milliseconds(10);
  Create();
  EXPECT_TRUE(scheduler_->HasQueuePolicy(0));
  const auto busy = Occupy();
  const auto reply = Send({});
  clock_.AwaitWaiters(1, clock_.Now() + milliseconds(10));
  clock_.Advance(milliseconds(10));
  EXPECT_EQ(reply->Code(), StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(Message(reply->Wait().status())), HasSubstr("queue"));
  EXPECT_EQ(scheduler_->queue_depth(), 0u);
  latch_.Open();
  EXPECT_TRUE(busy.front()->Wait().ok()) << "what runs is not cut off";
}

TEST_F(SchedulerPolicyTest, AClientMayOnlyShortenTheTimeout) {
  options_.default_policy = {QueuePolicy::TimeoutAction::kReject, milliseconds(10), true, 0};
  Create();
  const auto busy = Occupy();
  const TimePoint start = clock_.Now();
  const auto brief = Send({0, milliseconds(4)});
  const auto patient = Send({0, milliseconds(60)});
  clock_.AwaitWaiters(1, start + milliseconds(4));
  clock_.Advance(milliseconds(4));
  EXPECT_EQ(brief->Code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(patient->times(), 0);
  clock_.AwaitWaiters(1, start + milliseconds(10));
  clock_.Advance(milliseconds(6));
  EXPECT_EQ(patient->Code(), StatusCode::kDeadlineExceeded);
}

TEST_F(SchedulerPolicyTest, AClientsTimeoutAloneCountsWhereItIsAllowed) {
  options_.default_policy.allow_timeout_override = true;
  Create();
  const auto busy = Occupy();
  const auto brief = Send({0, milliseconds(4)});
  const auto none = Send({});
  clock_.AwaitWaiters(1, clock_.Now() + milliseconds(4));
  clock_.Advance(milliseconds(4));
  EXPECT_EQ(brief->Code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(scheduler_->queue_depth(), 1u);
  latch_.Open();
  EXPECT_TRUE(none->Wait().ok());
}

TEST_F(SchedulerPolicyTest, AClientsTimeoutIsIgnoredWhereItIsNot) {
  options_.default_policy.default_timeout = milliseconds(10);
  Create();
  const auto busy = Occupy();
  const auto reply = Send({0, milliseconds(1)});
  const TimePoint start = clock_.Now();
  clock_.AwaitWaiters(1, start + milliseconds(10));
  clock_.Advance(milliseconds(5));
  clock_.AwaitWaiters(1, start + milliseconds(10));
  EXPECT_EQ(reply->times(), 0);
  latch_.Open();
  EXPECT_TRUE(reply->Wait().ok());
}

TEST_F(SchedulerPolicyTest, EachLevelHasItsPolicy) {
  WithLevels(2, 2);
  options_.priority_policies[1].default_timeout = milliseconds(3);
  Create();
  EXPECT_TRUE(scheduler_->HasQueuePolicy(1));
  EXPECT_FALSE(scheduler_->HasQueuePolicy(2));
  EXPECT_FALSE(scheduler_->HasQueuePolicy(0));
  const auto busy = Occupy();
  const auto high = Send({1});
  const auto low = Send({2});
  clock_.AwaitWaiters(1, clock_.Now() + milliseconds(3));
  clock_.Advance(milliseconds(3));
  EXPECT_EQ(high->Code(), StatusCode::kDeadlineExceeded);
  latch_.Open();
  EXPECT_TRUE(low->Wait().ok());
}

TEST_F(SchedulerPolicyTest, ADelayedRequestIsServedOnceNothingElseWaits) {
  options_.default_policy.timeout_action = QueuePolicy::TimeoutAction::kDelay;
  options_.default_policy.default_timeout = milliseconds(5);
  options_.max_batch_size = 1;
  Create();
  const auto busy = Occupy();
  Send("delayed", {});
  clock_.AwaitWaiters(1, clock_.Now() + milliseconds(5));
  clock_.Advance(milliseconds(5));
  Send("next", {});
  Send("last", {});
  latch_.Open();
  EXPECT_THAT(answers_.Await(3), ElementsAre("next", "last", "delayed"));
}

TEST_F(SchedulerPolicyTest, ADelayedRequestStaysBeforeLowerLevels) {
  WithLevels(2, 2);
  options_.priority_policies[1] = {QueuePolicy::TimeoutAction::kDelay, milliseconds(5), false, 0};
  options_.max_batch_size = 1;
  Create();
  const auto busy = Occupy();
  Send("low", {2});
  Send("delayed", {1});
  clock_.AwaitWaiters(1, clock_.Now() + milliseconds(5));
  clock_.Advance(milliseconds(5));
  Send("high", {1});
  latch_.Open();
  EXPECT_THAT(answers_.Await(3), ElementsAre("high", "delayed", "low"));
}

TEST_F(SchedulerPolicyTest, ADelayedRequestStillHasItsDeadline) {
  options_.default_policy.timeout_action = QueuePolicy::TimeoutAction::kDelay;
  options_.default_policy.default_timeout = milliseconds(5);
  Create();
  const auto busy = Occupy();
  const TimePoint start = clock_.Now();
  const auto reply = Send({0, {}, start + milliseconds(8)});
  clock_.AwaitWaiters(1, start + milliseconds(5));
  clock_.Advance(milliseconds(5));
  clock_.AwaitWaiters(1, start + milliseconds(8));
  EXPECT_EQ(reply->times(), 0);
  clock_.Advance(milliseconds(3));
  EXPECT_EQ(reply->Code(), StatusCode::kDeadlineExceeded);
}

TEST_F(SchedulerPolicyTest, ALevelsQueueIsBoundedByItself) {
  WithLevels(2, 2);
  options_.priority_policies[1].max_queue_size = 1;
  Create();
  const auto busy = Occupy();
  const auto high = Send({1});
  const auto refused = Send({1});
  const auto low = Send({2});
  EXPECT_EQ(refused->Code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(scheduler_->queue_depth(), 2u);
  latch_.Open();
  EXPECT_TRUE(high->Wait().ok());
  EXPECT_TRUE(low->Wait().ok());
}

TEST_F(SchedulerPolicyTest, CancelledRequestsMakeRoomInAFullLevel) {
  options_.default_policy.max_queue_size = 1;
  Create();
  const auto busy = Occupy();
  const auto cancel = std::make_shared<CancelToken>();
  const auto gone = Submit(TensorOf({1, 1}), kNoDeadline, cancel);
  cancel->Cancel();
  const auto next = Send({});
  EXPECT_EQ(gone->Code(), StatusCode::kCancelled);
  latch_.Open();
  EXPECT_TRUE(next->Wait().ok());
}

TEST_F(SchedulerPolicyTest, APreferredSizeEndsTheQueueDelay) {
  options_.preferred_batch_sizes = {4, 2};
  options_.max_queue_delay = milliseconds(10);
  Create();
  const auto first = Send({});
  clock_.AwaitWaiters(1, clock_.Now() + milliseconds(10));
  const auto second = Send({});
  EXPECT_EQ(first->BatchRows(), 2);
  EXPECT_EQ(second->BatchRows(), 2);
  const auto alone = Send({});
  clock_.AwaitWaiters(1, clock_.Now() + milliseconds(10));
  clock_.Advance(milliseconds(10));
  EXPECT_EQ(alone->BatchRows(), 1);
}

TEST_F(SchedulerPolicyTest, TheLargestPreferredSizeIsTaken) {
  options_.preferred_batch_sizes = {2, 4};
  Create();
  const auto busy = Occupy();
  std::vector<std::unique_ptr<Reply>> replies;
  replies.reserve(8);
  for (int i = 0; i < 7; ++i) replies.push_back(Send({}));
  latch_.Open();
  for (const auto& reply : replies) EXPECT_TRUE(reply->Wait().ok());
  EXPECT_THAT(journal_.rows(), ElementsAre(1, 4, 2, 1));
}

TEST_F(SchedulerPolicyTest, WithoutADelayAPreferredSizeHoldsNothing) {
  options_.preferred_batch_sizes = {8};
  Create();
  EXPECT_EQ(Send({})->BatchRows(), 1);
}

}  // namespace
}  // namespace flambeau
