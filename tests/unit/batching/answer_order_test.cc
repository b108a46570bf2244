// Answers that leave in the order in which their requests came.
#include "batching/answer_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "batching/policy_fixture.h"

namespace flambeau {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A request of three rows runs until the latch opens; others pass.
class AnswerOrderTest : public PolicyFixture {
 protected:
  void CreateOrdered() {
    options_.preserve_ordering = true;
    options_.instances = 2;
    options_.max_batch_size = 1;
    script_.on_run = [this](int64_t rows) {
      if (rows == 3) latch_.Pass();
    };
    Create();
    latch_.Close();
    Send("slow", {0, {}, kNoDeadline, 3});
    latch_.AwaitHeld(1);
  }
};

TEST_F(AnswerOrderTest, AnswersLeaveInTheOrderOfTheirRequests) {
  CreateOrdered();
  Send("quick", {});
  Send("next", {});
  journal_.AwaitRuns(3);  // the second worker has given "quick" away
  EXPECT_THAT(answers_.names(), IsEmpty());
  latch_.Open();
  EXPECT_THAT(answers_.Await(3), ElementsAre("slow", "quick", "next"));
}

TEST_F(AnswerOrderTest, FailuresWaitForTheirTurnToo) {
  options_.default_policy.default_timeout = milliseconds(5);
  CreateOrdered();
  const auto cancel = std::make_shared<CancelToken>();
  Send("slow too", {0, {}, kNoDeadline, 3});
  latch_.AwaitHeld(2);
  Send("expired", {});
  clock_.AwaitWaiters(1, clock_.Now() + milliseconds(5));
  clock_.Advance(milliseconds(5));
  Work work = MakeWork({});
  work.cancel = cancel;
  work.done = answers_.Done("cancelled");
  scheduler_->Submit(std::move(work));
  cancel->Cancel();
  Send("last", {});
  EXPECT_THAT(answers_.names(), IsEmpty());
  latch_.Open();
  EXPECT_THAT(answers_.Await(5), ElementsAre("slow", "slow too", "expired!", "cancelled!", "last"));
}

TEST_F(AnswerOrderTest, WhatIsRefusedAtOnceIsNotHeld) {
  options_.max_queue_size = 1;
  CreateOrdered();
  Send("slow too", {0, {}, kNoDeadline, 3});
  latch_.AwaitHeld(2);
  Send("waits", {});
  EXPECT_EQ(Send({})->Code(), StatusCode::kResourceExhausted);
  latch_.Open();
  EXPECT_THAT(answers_.Await(3), ElementsAre("slow", "slow too", "waits"));
}

TEST_F(AnswerOrderTest, TheAnswersThatAreHeldAreBounded) {
  options_.max_queue_size = 2;
  CreateOrdered();
  // One waits for its turn after the other; 2 * 2 + 2 workers' runs may be unanswered.
  for (int i = 0; i < 5; ++i) {
    Send("quick", {});
    journal_.AwaitRuns(static_cast<size_t>(i) + 2);
  }
  const auto refused = Send({});
  EXPECT_EQ(refused->Code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(Message(refused->Wait().status())), HasSubstr("turn"));
  latch_.Open();
  EXPECT_THAT(answers_.Await(6), ElementsAre("slow", "quick", "quick", "quick", "quick", "quick"));
}

TEST_F(AnswerOrderTest, StoppingAnswersWhatIsHeld) {
  CreateOrdered();
  Send("quick", {});
  Send("next", {});
  journal_.AwaitRuns(3);
  scheduler_->Stop();
  EXPECT_THAT(answers_.names(), IsEmpty());
  latch_.Open();
  EXPECT_THAT(answers_.Await(3), ElementsAre("slow", "quick", "next"));
}

TEST_F(AnswerOrderTest, ACallbackMaySubmitAgain) {
  CreateOrdered();
  Work work = MakeWork({});
  work.done = [this, note = answers_.Done("first")](Result<Outcome> outcome) {
    Send("again", {});
    note(std::move(outcome));
  };
  scheduler_->Submit(std::move(work));
  Send("next", {});
  latch_.Open();
  EXPECT_THAT(answers_.Await(4), ElementsAre("slow", "first", "next", "again"));
}

}  // namespace
}  // namespace flambeau
