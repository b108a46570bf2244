// Deadlines, cancellation, full queues, stopping, and models that fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "batching/scheduler.h"
#include "batching/scheduler_fixture.h"

namespace flambeau {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::SizeIs;

using SchedulerFailureTest = SchedulerFixture;

TEST_F(SchedulerFailureTest, AnExpiredRequestIsAnsweredWhileTheWorkerIsBusy) {
  Create();
  const auto busy = Occupy();
  const TimePoint deadline = clock_.Now() + milliseconds(20);
  const auto late = Submit(TensorOf({1, 1}), deadline);
  const auto patient = Submit(TensorOf({2, 2}), deadline + milliseconds(1));
  clock_.AwaitWaiters(1, deadline);
  clock_.Advance(milliseconds(20));
  EXPECT_EQ(late->Code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(patient->times(), 0);
  EXPECT_EQ(scheduler_->queue_depth(), 1u);
  latch_.Open();
  EXPECT_THAT(patient->Numbers(), ElementsAre(4, 4));
  EXPECT_THAT(journal_.rows(), ElementsAre(1, 1));
  EXPECT_EQ(late->times(), 1);
}

TEST_F(SchedulerFailureTest, AnEarlierDeadlineMovesTheExpiryThread) {
  Create();
  const auto busy = Occupy();
  const TimePoint start = clock_.Now();
  const auto later = Submit(TensorOf({1, 1}), start + milliseconds(50));
  clock_.AwaitWaiters(1, start + milliseconds(50));
  const auto sooner = Submit(TensorOf({1, 1}), start + milliseconds(10));
  clock_.AwaitWaiters(1, start + milliseconds(10));
  clock_.Advance(milliseconds(10));
  EXPECT_EQ(sooner->Code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(later->times(), 0);
  latch_.Open();
  EXPECT_TRUE(later->Wait().ok());
}

TEST_F(SchedulerFailureTest, AnExpiredRequestIsRefusedAtOnce) {
  Create();
  EXPECT_EQ(Submit(TensorOf({1, 1}), clock_.Now())->Code(), StatusCode::kDeadlineExceeded);
  EXPECT_THAT(journal_.rows(), SizeIs(0));
}

TEST_F(SchedulerFailureTest, ACancelledRequestIsDroppedBeforeAWorker) {
  Create();
  const auto busy = Occupy();
  auto cancel = std::make_shared<CancelToken>();
  const auto gone = Submit(TensorOf({1, 1}), kNoDeadline, cancel);
  const auto here = Submit(TensorOf({2, 2}));
  cancel->Cancel();
  latch_.Open();
  EXPECT_EQ(gone->Code(), StatusCode::kCancelled);
  EXPECT_EQ(here->BatchRows(), 1);
  EXPECT_THAT(journal_.rows(), ElementsAre(1, 1));
}

TEST_F(SchedulerFailureTest, AFullQueueRefuses) {
  options_.max_queue_size = 2;
  Create();
  const auto busy = Occupy();
  const auto first = Submit(TensorOf({1, 1}));
  EXPECT_FALSE(scheduler_->Full());
  const auto second = Submit(TensorOf({1, 1}));
  EXPECT_TRUE(scheduler_->Full());
  EXPECT_EQ(Submit(TensorOf({1, 1}))->Code(), StatusCode::kResourceExhausted);
  latch_.Open();
  EXPECT_EQ(first->BatchRows(), 2);
  EXPECT_FALSE(scheduler_->Full());
}

TEST_F(SchedulerFailureTest, CancelledRequestsMakeRoomInAFullQueue) {
  options_.max_queue_size = 1;
  Create();
  const auto busy = Occupy();
  auto cancel = std::make_shared<CancelToken>();
  const auto gone = Submit(TensorOf({1, 1}), kNoDeadline, cancel);
  cancel->Cancel();
  const auto next = Submit(TensorOf({2, 2}));
  EXPECT_EQ(gone->Code(), StatusCode::kCancelled);
  latch_.Open();
  EXPECT_THAT(next->Numbers(), ElementsAre(4, 4));
}

TEST_F(SchedulerFailureTest, StopAnswersEverythingOnce) {
  Create();
  const auto busy = Occupy();
  std::vector<std::unique_ptr<Reply>> waiting;
  waiting.reserve(10);
  for (int i = 0; i < 10; ++i) waiting.push_back(Submit(TensorOf({1, 1})));
  scheduler_->Stop();
  for (const auto& reply : waiting) EXPECT_EQ(reply->Code(), StatusCode::kUnavailable);
  const auto refused = Submit(TensorOf({1, 1}));
  EXPECT_EQ(refused->Code(), StatusCode::kUnavailable);
  latch_.Open();
  scheduler_.reset();
  EXPECT_TRUE(busy[0]->Wait().ok()) << "what runs ends";
  for (const auto& reply : waiting) EXPECT_EQ(reply->times(), 1);
  EXPECT_EQ(busy[0]->times(), 1);
  EXPECT_EQ(refused->times(), 1);
}

TEST_F(SchedulerFailureTest, APoisonedRowFailsAlone) {
  script_.poison = 13;
  Create();
  const auto busy = Occupy();
  std::vector<std::unique_ptr<Reply>> replies;
  replies.reserve(10);
  for (int i = 10; i < 18; ++i) replies.push_back(Submit(TensorOf({1.0f * i, 1})));
  latch_.Open();
  for (int i = 0; i < 8; ++i) {
    if (i == 3) {
      EXPECT_EQ(replies[i]->Code(), StatusCode::kInvalidArgument);
    } else {
      EXPECT_THAT(replies[i]->Numbers(), ElementsAre(20.0f + 2.0f * i, 2));
    }
    EXPECT_EQ(replies[i]->times(), 1);
  }
  // Bisected: 8 fail; 4 fail, of which 2 work and 2 fail, of which 1 works and 1 fails; 4 work.
  EXPECT_THAT(journal_.rows(), ElementsAre(1, 8, 4, 2, 2, 1, 1, 4));
  EXPECT_EQ(scheduler_->proof(0).verdict, Verdict::kProven);
}

TEST_F(SchedulerFailureTest, ABatchWithoutMemoryIsSplit) {
  Create();
  const auto busy = Occupy();
  std::vector<std::unique_ptr<Reply>> replies;
  replies.reserve(10);
  for (int i = 0; i < 4; ++i) replies.push_back(Submit(TensorOf({5.0f, 1.0f * i})));
  latch_.Open();
  for (const auto& reply : replies) EXPECT_TRUE(reply->Wait().ok());
  EXPECT_EQ(replies[0]->BatchRows(), 4);
}

TEST_F(SchedulerFailureTest, RunningOutOfMemoryHalvesTheBatchAndKeepsTheVerdict) {
  // There was memory while the model was proven.
  auto memory = std::make_shared<std::atomic<int64_t>>(1000);
  script_.poison.reset();
  script_.effect = nullptr;
  script_.fail = [memory](const FakeBatch& batch) {
    return batch.rows > *memory ? ResourceExhausted("no memory") : OkStatus();
  };
  Create();
  *memory = 2;
  const auto busy = Occupy();
  std::vector<std::unique_ptr<Reply>> replies;
  replies.reserve(10);
  for (int i = 0; i < 4; ++i) replies.push_back(Submit(TensorOf({5.0f, 1.0f * i})));
  latch_.Open();
  for (const auto& reply : replies) EXPECT_EQ(reply->BatchRows(), 2);
  EXPECT_THAT(journal_.rows(), ElementsAre(1, 4, 2, 2));
  EXPECT_EQ(scheduler_->proof(0).verdict, Verdict::kProven);
}

TEST_F(SchedulerFailureTest, ABatchThatFailsWithoutABadRowEndsMerging) {
  auto broken = std::make_shared<std::atomic<bool>>(false);
  script_.fail = [broken](const FakeBatch& batch) {
    return *broken && batch.rows > 1 ? Internal("cannot run batches") : OkStatus();
  };
  Create();
  *broken = true;
  auto busy = Occupy();
  std::vector<std::unique_ptr<Reply>> replies;
  replies.reserve(10);
  for (int i = 0; i < 3; ++i) replies.push_back(Submit(TensorOf({1, 1})));
  latch_.Open();
  for (const auto& reply : replies) EXPECT_THAT(reply->Numbers(), ElementsAre(2, 2));
  EXPECT_EQ(scheduler_->proof(0).verdict, Verdict::kRefused);
  journal_.Clear();
  busy = Occupy();
  const auto first = Submit(TensorOf({1, 1}));
  const auto second = Submit(TensorOf({1, 1}));
  latch_.Open();
  EXPECT_TRUE(first->Wait().ok());
  EXPECT_TRUE(second->Wait().ok());
  EXPECT_THAT(journal_.rows(), ElementsAre(1, 1, 1));
}

TEST_F(SchedulerFailureTest, AFailureOfAModelThatWritesItsStateIsNotRetried) {
  facts_.writes_state = true;
  script_.poison = 13;
  Create();
  EXPECT_EQ(Submit(TensorOf({13, 1}))->Code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(journal_.rows(), ElementsAre(1));
}

TEST_F(SchedulerFailureTest, AnInternalErrorOfADeviceIsNotRetried) {
  facts_.device = "cuda:0";
  auto broken = std::make_shared<std::atomic<bool>>(false);
  script_.fail = [broken](const FakeBatch&) {
    return *broken ? Internal("device-side assert") : OkStatus();
  };
  Create();
  const auto busy = Occupy();
  const auto first = Submit(TensorOf({1, 1}));
  const auto second = Submit(TensorOf({1, 1}));
  *broken = true;
  latch_.Open();
  EXPECT_EQ(first->Code(), StatusCode::kInternal);
  EXPECT_EQ(second->Code(), StatusCode::kInternal);
  EXPECT_THAT(journal_.rows(), ElementsAre(1, 2));
}

TEST_F(SchedulerFailureTest, ARequestThatExpiresDuringRetriesIsNotRunAgain) {
  script_.poison = 13;
  script_.on_run = [this](int64_t rows) {
    latch_.Pass();
    if (rows > 1) clock_.Advance(milliseconds(10));
  };
  options_.max_batch_size = 2;
  Create();
  const auto busy = Occupy();
  const auto bad = Submit(TensorOf({13, 1}));
  const auto late = Submit(TensorOf({1, 1}), clock_.Now() + milliseconds(10));
  latch_.Open();
  EXPECT_EQ(bad->Code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(late->Code(), StatusCode::kDeadlineExceeded);
  EXPECT_THAT(journal_.rows(), ElementsAre(1, 2, 1));
}

TEST_F(SchedulerFailureTest, ARunWithoutAnAnswerIsInternal) {
  script_.deliver_nothing = true;
  Create();
  EXPECT_EQ(Submit(TensorOf({1, 1}))->Code(), StatusCode::kInternal);
}

TEST_F(SchedulerFailureTest, AnUnknownMethodIsRefused) {
  Create();
  Reply reply;
  scheduler_->Submit({5, {TensorOf({1, 1})}, kNoDeadline, nullptr, reply.Done()});
  EXPECT_EQ(reply.Code(), StatusCode::kNotFound);
}

TEST_F(SchedulerFailureTest, ACompletionMaySubmitAgain) {
  Create();
  Reply second;
  Reply first;
  scheduler_->Submit(
      {0, {TensorOf({1, 1})}, kNoDeadline, nullptr, [&](Result<Outcome> outcome) {
         scheduler_->Submit({0, {outcome->value}, kNoDeadline, nullptr, second.Done()});
         first.Done()(std::move(outcome));
       }});
  EXPECT_THAT(first.Numbers(), ElementsAre(2, 2));
  EXPECT_THAT(second.Numbers(), ElementsAre(4, 4));
}

}  // namespace
}  // namespace flambeau
