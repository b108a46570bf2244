// Batches that the submitting thread runs itself.
#include <atomic>
#include <chrono>
#include <thread>

#include "batching/leader.h"
#include "batching/scheduler_fixture.h"

namespace flambeau {
namespace {

using std::chrono::microseconds;

class LeadTest : public SchedulerFixture {
 protected:
  LeadTest() {
    options_.instances = 1;
    script_.on_run = [this](int64_t) {
      runner_ = std::this_thread::get_id();
      latch_.Pass();
      clock_.Advance(run_time_);
    };
  }

  bool SubmitToLeader(Reply* reply, CancelTokenPtr cancel = nullptr) {
    return scheduler_->SubmitToLeader(
        {0, {TensorOf({1, 2})}, kNoDeadline, std::move(cancel), reply->Done()});
  }
  // A worker takes what comes while it is on its way to idle; so until one is left to us.
  std::unique_ptr<Reply> SubmitUntilPromised(const CancelTokenPtr& cancel = nullptr) {
    while (true) {
      auto reply = std::make_unique<Reply>();
      if (SubmitToLeader(reply.get(), cancel)) return reply;
      reply->Wait();
    }
  }
  // One that Lead will run here: before, it must be known that runs are brief.
  std::unique_ptr<Reply> SubmitUntilLed(const CancelTokenPtr& cancel = nullptr) {
    while (!RanHere()) {
      const auto reply = SubmitUntilPromised();
      scheduler_->Lead();
      reply->Wait();
    }
    return SubmitUntilPromised(cancel);
  }
  // Often enough to know what a run takes.
  void ExpectNeverLed() {
    for (int i = 0; i < 50; ++i) {
      Reply reply;
      SubmitToLeader(&reply);
      scheduler_->Lead();
      EXPECT_TRUE(reply.Wait().ok());
      EXPECT_FALSE(RanHere());
    }
  }
  bool RanHere() const { return runner_.load() == std::this_thread::get_id(); }

  Duration run_time_ = microseconds(50);
  std::atomic<std::thread::id> runner_;
};

TEST_F(LeadTest, TheSubmittingThreadRunsTheBatch) {
  Create();
  const auto reply = SubmitUntilLed();
  EXPECT_EQ(reply->times(), 0);
  scheduler_->Lead();
  ASSERT_EQ(reply->times(), 1);
  EXPECT_EQ(reply->Numbers(), (std::vector<float>{2, 4}));
  EXPECT_TRUE(RanHere());
  EXPECT_EQ(scheduler_->queue_depth(), 0u);
}

TEST_F(LeadTest, ATurnsRequestsAreOneBatch) {
  Create();
  const auto first = SubmitUntilLed();
  Reply second;
  Reply third;
  EXPECT_TRUE(SubmitToLeader(&second));
  EXPECT_TRUE(SubmitToLeader(&third));
  scheduler_->Lead();
  for (Reply* reply : {first.get(), &second, &third}) {
    ASSERT_EQ(reply->times(), 1);
    EXPECT_EQ(reply->BatchRows(), 3);
  }
}

TEST_F(LeadTest, AFullBatchRunsAtOnce) {
  options_.max_batch_size = 2;
  Create();
  const auto first = SubmitUntilLed();
  Reply second;
  EXPECT_FALSE(SubmitToLeader(&second));
  ASSERT_EQ(first->times(), 1);
  ASSERT_EQ(second.times(), 1);
  EXPECT_EQ(second.BatchRows(), 2);
  EXPECT_TRUE(RanHere());
}

TEST_F(LeadTest, ASlowModelNeverRunsOnTheSubmittingThread) {
  run_time_ = microseconds(300);
  Create();
  ExpectNeverLed();
}

TEST_F(LeadTest, ATurnsSlowRequestsAreOneBatchOfAWorker) {
  run_time_ = microseconds(300);
  Create();
  const auto first = SubmitUntilPromised();
  Reply second;
  Reply third;
  EXPECT_TRUE(SubmitToLeader(&second));
  EXPECT_TRUE(SubmitToLeader(&third));
  scheduler_->Lead();
  for (Reply* reply : {first.get(), &second, &third}) EXPECT_EQ(reply->BatchRows(), 3);
  EXPECT_FALSE(RanHere());
}

TEST_F(LeadTest, NobodyIsWokenForWhatALeaderWillComeFor) {
  options_.instances = 2;
  Create();
  for (bool promised = false; !promised;) {  // unless the second worker is on its way to idle
    const auto led = SubmitUntilLed();
    latch_.Close();
    std::thread other_leader([this] { scheduler_->Lead(); });
    latch_.AwaitHeld(1);
    Reply reply;
    promised = SubmitToLeader(&reply);
    latch_.Open();
    other_leader.join();
    EXPECT_TRUE(led->Wait().ok());
    scheduler_->Lead();
    EXPECT_TRUE(reply.Wait().ok());
    EXPECT_TRUE(!promised || RanHere());
  }
}

// 90 us a row: one or two rows are run here, three are not.
TEST_F(LeadTest, ABatchThatHasGrownSlowGoesToAWorker) {
  script_.on_run = [this](int64_t rows) {
    runner_ = std::this_thread::get_id();
    clock_.Advance(rows * microseconds(90));
  };
  Create();
  const auto first = SubmitUntilLed();
  Reply second;
  Reply third;
  EXPECT_TRUE(SubmitToLeader(&second));
  EXPECT_TRUE(SubmitToLeader(&third));
  scheduler_->Lead();
  for (Reply* reply : {first.get(), &second, &third}) EXPECT_EQ(reply->BatchRows(), 3);
  EXPECT_FALSE(RanHere());
}

// One worker keeps the time until all are back, the other is woken for them.
TEST_F(LeadTest, TheRowsOfABatchThatComesBackAreSharedToo) {
  options_.instances = 2;
  options_.max_batch_size = 8;
  script_.on_run = [this](int64_t rows) {
    latch_.Pass();
    if (rows == 4) clock_.Advance(std::chrono::milliseconds(40));
  };
  Create();
  const auto first = SubmitUntilPromised();
  std::vector<Reply> others(3);
  for (Reply& reply : others) EXPECT_TRUE(SubmitToLeader(&reply));
  scheduler_->Lead();
  EXPECT_EQ(first->BatchRows(), 4);  // nothing is known of what rows cost
  for (Reply& reply : others) EXPECT_EQ(reply.BatchRows(), 4);
  latch_.Close();
  std::vector<Reply> back(4);
  for (Reply& reply : back) SubmitToLeader(&reply);
  scheduler_->Lead();
  latch_.AwaitHeld(1);
  while (scheduler_->queue_depth() > 0) std::this_thread::yield();
  latch_.Open();
  for (Reply& reply : back) EXPECT_EQ(reply.BatchRows(), 2);
}

// 10 ms a row.
TEST_F(LeadTest, TheRowsOfALongTurnAreSharedByIdleWorkers) {
  options_.instances = 2;
  options_.max_batch_size = 8;
  script_.on_run = [this](int64_t rows) { clock_.Advance(rows * std::chrono::milliseconds(10)); };
  // Until both workers were idle when the turn came.
  for (bool shared = false; !shared;) {
    Create();
    ASSERT_TRUE(Submit(TensorOf({1, 2}))->Wait().ok());  // tells what a row costs
    std::vector<Reply> replies(4);
    bool promised = true;
    for (Reply& reply : replies) promised = SubmitToLeader(&reply) && promised;
    scheduler_->Lead();
    for (const Reply& reply : replies) {
      while (reply.times() == 0) clock_.Advance(std::chrono::milliseconds(1));  // ends regrouping
    }
    shared = promised && replies.front().BatchRows() == 2;
  }
}

TEST_F(LeadTest, AModelThatIsNotProvenNeverRunsOnTheSubmittingThread) {
  options_.prove = false;
  Create();
  ExpectNeverLed();
}

TEST_F(LeadTest, SeveralThreadsInsideARunAreAWorkersAffair) {
  options_.intra_op_threads = 2;
  Create();
  ExpectNeverLed();
}

TEST_F(LeadTest, WithoutACoreAWorkerWaitsForIt) {
  Create();
  const auto reply = SubmitUntilLed();
  permits_.Acquire(permits_.cores());
  scheduler_->Lead();
  EXPECT_EQ(reply->times(), 0);
  permits_.Release(permits_.cores());
  EXPECT_TRUE(reply->Wait().ok());
  EXPECT_FALSE(RanHere());
}

TEST_F(LeadTest, WhatIsCancelledBeforeTheTurnEndsIsNotRun) {
  Create();
  const auto cancel = std::make_shared<CancelToken>();
  const auto reply = SubmitUntilLed(cancel);
  journal_.Clear();
  cancel->Cancel();
  scheduler_->Lead();
  ASSERT_EQ(reply->times(), 1);
  EXPECT_EQ(reply->Code(), StatusCode::kCancelled);
  EXPECT_TRUE(journal_.runs().empty());
}

TEST_F(LeadTest, AWorkerTakesWhatCameDuringTheRun) {
  Create();
  const auto led = SubmitUntilLed();
  latch_.Close();
  std::thread leader([this] { scheduler_->Lead(); });
  latch_.AwaitHeld(1);
  const auto other = Submit(TensorOf({3, 4}));
  const auto leader_id = leader.get_id();
  latch_.Open();
  EXPECT_TRUE(led->Wait().ok());
  EXPECT_EQ(other->Numbers(), (std::vector<float>{6, 8}));
  EXPECT_NE(runner_.load(), leader_id);
  leader.join();
}

TEST_F(LeadTest, AStopWaitsForTheRun) {
  Create();
  const auto led = SubmitUntilLed();
  latch_.Close();
  std::thread leader([this] { scheduler_->Lead(); });
  latch_.AwaitHeld(1);
  scheduler_->Stop();
  EXPECT_EQ(led->times(), 0);
  latch_.Open();
  EXPECT_EQ(led->Numbers(), (std::vector<float>{2, 4}));
  leader.join();
}

TEST_F(LeadTest, ALeaderLetsGoOfWhatItHasRun) {
  Create();
  Leader leader;
  const auto keep = std::make_shared<int>(1);
  const auto reply = SubmitUntilLed();
  leader.Add(scheduler_.get(), keep);
  leader.Add(scheduler_.get(), keep);
  EXPECT_EQ(keep.use_count(), 2);
  leader.Lead();
  EXPECT_EQ(reply->times(), 1);
  EXPECT_EQ(keep.use_count(), 1);
}

}  // namespace
}  // namespace flambeau
