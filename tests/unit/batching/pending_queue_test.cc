#include "batching/pending_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "batching/scheduler_fixture.h"

namespace flambeau {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class PendingQueueTest : public ::testing::Test {
 protected:
  // A request whose first element tells it apart.
  PendingPtr Make(float mark, int64_t columns = 2, TimePoint deadline = kNoDeadline) {
    auto pending = std::make_unique<Pending>();
    std::vector<float> numbers(static_cast<size_t>(columns), mark);
    pending->work.arguments.push_back(TensorOf(numbers));
    pending->work.deadline = deadline;
    pending->submitted = now_;
    pending->key = BucketKey::Of(pending->work, Proof{}, &pending->rows);
    return pending;
  }
  Bucket* Push(float mark, int64_t columns = 2, TimePoint deadline = kNoDeadline) {
    return queue_.Push(Make(mark, columns, deadline));
  }
  std::vector<float> Take() {
    Batch batch;
    queue_.Take(now_, {}, &batch);
    std::vector<float> marks;
    for (const PendingPtr& pending : batch.items) {
      marks.push_back(NumbersOf(pending->work.arguments[0])[0]);
    }
    queue_.Finish(&batch);
    return marks;
  }
  void Prove(Bucket* bucket, int64_t rows = 100) {
    verdicts_.Decide(bucket->variant, {Verdict::kProven, ""}, rows);
  }

  TimePoint now_{milliseconds(1000)};
  Verdicts verdicts_{FakeFacts(), true};
  PendingQueue queue_{{4, milliseconds(0)}, &verdicts_};
};

TEST_F(PendingQueueTest, UnprovenRequestsLeaveOneByOneInOrder) {
  Push(1);
  Push(2, 3);
  Push(3);
  EXPECT_THAT(Take(), ElementsAre(1));
  EXPECT_THAT(Take(), ElementsAre(2));
  EXPECT_THAT(Take(), ElementsAre(3));
  EXPECT_THAT(Take(), SizeIs(0));
}

TEST_F(PendingQueueTest, KnowsWhetherSomebodyWillComeForAllThatWaits) {
  EXPECT_TRUE(queue_.AllPromised());
  PendingPtr pending = Make(1);
  Pending* const promised = pending.get();
  queue_.Push(std::move(pending));
  EXPECT_FALSE(queue_.AllPromised());
  queue_.Promise(promised);
  EXPECT_TRUE(queue_.AllPromised());
  Push(2);
  EXPECT_FALSE(queue_.AllPromised());
  EXPECT_THAT(Take(), ElementsAre(1));
  EXPECT_FALSE(queue_.AllPromised());
  EXPECT_THAT(Take(), ElementsAre(2));
  EXPECT_TRUE(queue_.AllPromised());
}

TEST_F(PendingQueueTest, APromiseEnds) {
  PendingPtr pending = Make(1);
  queue_.Promise(pending.get());
  queue_.Push(std::move(pending));
  EXPECT_TRUE(queue_.AllPromised());
  queue_.EndPromises();
  EXPECT_FALSE(queue_.AllPromised());
  EXPECT_THAT(Take(), ElementsAre(1));
  EXPECT_TRUE(queue_.AllPromised());
}

TEST_F(PendingQueueTest, ProvenOnesLeaveByBucketOldestFirst) {
  Prove(Push(1));
  Push(2, 3);
  Push(3);
  Push(4, 3);
  EXPECT_THAT(Take(), ElementsAre(1, 3));
  EXPECT_THAT(Take(), ElementsAre(2, 4));
  EXPECT_EQ(queue_.size(), 0u);
}

TEST_F(PendingQueueTest, MergingStopsAtTheRowsThatWereTried) {
  Prove(Push(1), 2);
  Push(2);
  Push(3);
  EXPECT_THAT(Take(), ElementsAre(1, 2));
  EXPECT_THAT(Take(), ElementsAre(3));
}

TEST_F(PendingQueueTest, NobodyJoinsWhoWouldMakeAnotherLate) {
  Bucket* const bucket = Push(1, 2, now_ + milliseconds(35));
  Prove(bucket);
  for (const int64_t rows : {1, 4}) bucket->cost.Note(rows, milliseconds(10 + 10 * rows));
  for (const float mark : {2.0f, 3.0f, 4.0f}) Push(mark);
  EXPECT_THAT(Take(), ElementsAre(1, 2)) << "three rows take 40 ms";
  EXPECT_THAT(Take(), ElementsAre(3, 4));
}

TEST_F(PendingQueueTest, WhoWillBeLateAnywayHoldsNobodyBack) {
  Bucket* const bucket = Push(1, 2, now_ + milliseconds(15));
  Prove(bucket);
  for (const int64_t rows : {1, 4}) bucket->cost.Note(rows, milliseconds(10 + 10 * rows));
  for (const float mark : {2.0f, 3.0f, 4.0f}) Push(mark);
  EXPECT_THAT(Take(), ElementsAre(1, 2, 3, 4)) << "even alone it takes 20 ms";
}

TEST_F(PendingQueueTest, DeadRequestsAreDroppedOnTheWay) {
  Prove(Push(1, 2, now_ + milliseconds(1)));
  Push(2);
  now_ += milliseconds(1);
  Batch batch;
  queue_.Take(now_, {}, &batch);
  EXPECT_THAT(batch.items, SizeIs(1));
  EXPECT_THAT(batch.dropped, SizeIs(1));
  queue_.Finish(&batch);
}

TEST_F(PendingQueueTest, SweepFindsTheExpiredAndTheNextDeadline) {
  Push(1, 2, now_ + milliseconds(30));
  Push(2, 2, now_ + milliseconds(10));
  Push(3, 3, now_ + milliseconds(20));
  Push(4, 3);
  std::vector<PendingPtr> dropped;
  EXPECT_EQ(queue_.Sweep(now_, &dropped), now_ + milliseconds(10));
  EXPECT_THAT(dropped, SizeIs(0));
  EXPECT_EQ(queue_.Sweep(now_ + milliseconds(20), &dropped), now_ + milliseconds(30));
  EXPECT_THAT(dropped, SizeIs(2));
  EXPECT_THAT(Take(), ElementsAre(1));
  EXPECT_THAT(Take(), ElementsAre(4));
}

TEST_F(PendingQueueTest, AHeldBucketLetsOthersPass) {
  Bucket* held = Push(1);
  Prove(held);
  held->regroup_until = now_ + milliseconds(5);
  held->regroup_target = 3;
  TimePoint next{};
  EXPECT_FALSE(queue_.Ready(now_, &next));
  EXPECT_EQ(next, now_ + milliseconds(5));
  Push(2, 3);
  EXPECT_TRUE(queue_.Ready(now_, &next));
  EXPECT_THAT(Take(), ElementsAre(2));
  Push(3);
  EXPECT_FALSE(queue_.Ready(now_, &next));
  Push(4);
  EXPECT_TRUE(queue_.Ready(now_, &next)) << "all are back";
  EXPECT_THAT(Take(), ElementsAre(1, 3, 4));
}

TEST_F(PendingQueueTest, ManyShapesLeaveNoBucketsBehindForever) {
  for (int columns = 1; columns < 500; ++columns) {
    Push(1, columns);
    EXPECT_THAT(Take(), ElementsAre(1));
  }
  EXPECT_LE(queue_.buckets(), 65u);
}

TEST_F(PendingQueueTest, WhatWaitsIsFreedWithTheQueue) {
  Push(1);
  Push(2, 3);
}

class ShareTest : public PendingQueueTest {
 protected:
  // How many of eight requests one of `takers` takes where runs of 1 and of 8 rows took so long.
  size_t Taken(Duration one, Duration eight, int64_t takers,
               const PendingQueue::Options& options = {32, {}, {}}) {
    PendingQueue queue(options, &verdicts_);
    Bucket* bucket = nullptr;
    for (int i = 0; i < 8; ++i) bucket = queue.Push(Make(static_cast<float>(i)));
    Prove(bucket);
    if (one > Duration::zero()) {
      bucket->cost.Note(1, one);
      bucket->cost.Note(8, eight);
    }
    Batch batch;
    queue.Take(now_, {Duration::max(), takers}, &batch);
    const size_t taken = batch.items.size();
    queue.Finish(&batch);
    return taken;
  }
};

TEST_F(ShareTest, RowsThatCostAsMuchTogetherAreShared) {
  EXPECT_EQ(Taken(milliseconds(10), milliseconds(80), 1), 8u);
  EXPECT_EQ(Taken(milliseconds(10), milliseconds(80), 2), 4u);
  EXPECT_EQ(Taken(milliseconds(10), milliseconds(80), 3), 3u);
  EXPECT_EQ(Taken(milliseconds(10), milliseconds(80), 20), 1u);
}

// Two clients' batch runs and eight others wait: five each, not eight and two for ever.
TEST_F(ShareTest, WhoRunsABatchIsFreeAgainSoonAndGetsAShareToo) {
  PendingQueue queue({32, {}, {}}, &verdicts_);
  Bucket* bucket = queue.Push(Make(0));
  queue.Push(Make(1));
  Prove(bucket);
  bucket->cost.Note(1, milliseconds(10));
  bucket->cost.Note(8, milliseconds(80));
  Batch small;
  Batch large;
  queue.Take(now_, {Duration::max(), 1}, &small);
  EXPECT_THAT(small.items, SizeIs(2));
  for (int i = 0; i < 8; ++i) queue.Push(Make(2));
  queue.Take(now_, {Duration::max(), 1}, &large);
  EXPECT_THAT(large.items, SizeIs(5));
  queue.Finish(&small);
  small.items.clear();
  queue.Take(now_, {Duration::max(), 1}, &small);
  EXPECT_THAT(small.items, SizeIs(3));
  queue.Finish(&small);
  queue.Finish(&large);
}

TEST_F(ShareTest, WhereRunsWaitForEachOtherNothingIsShared) {
  EXPECT_EQ(Taken(milliseconds(10), milliseconds(80), 2, {32, {}, {}, /*shares=*/false}), 8u);
}

TEST_F(ShareTest, RowsThatCostLittleMoreTogetherAreNot) {
  EXPECT_EQ(Taken(milliseconds(10), milliseconds(12), 2), 8u);
}

TEST_F(ShareTest, BriefRunsAreNot) {
  EXPECT_EQ(Taken(std::chrono::microseconds(100), std::chrono::microseconds(800), 2), 8u);
}

TEST_F(ShareTest, NothingIsSharedBeforeTheCostIsKnown) {
  EXPECT_EQ(Taken(Duration::zero(), Duration::zero(), 2), 8u);
}

TEST_F(ShareTest, WhoSetsADelayOrSizesGetsHisBatches) {
  EXPECT_EQ(Taken(milliseconds(10), milliseconds(80), 2, {8, milliseconds(1), {}}), 8u);
  EXPECT_EQ(Taken(milliseconds(10), milliseconds(80), 2, {32, {}, {8}}), 8u);
}

}  // namespace
}  // namespace flambeau
