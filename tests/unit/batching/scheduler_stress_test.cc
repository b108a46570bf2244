// Many clients at once: every request is answered once, with its own answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "base/thread.h"
#include "batching/scheduler.h"
#include "batching/scheduler_fixture.h"

namespace flambeau {
namespace {

constexpr int kThreads = 8;
constexpr int kRequests = 1000;

struct Tally {
  std::vector<std::atomic<int>> answers = std::vector<std::atomic<int>>(kRequests);
  std::atomic<int> right{0};
  std::atomic<int> failed{0};
  std::atomic<int> wrong{0};

  WorkDone Done(int i) {
    return [this, i](Result<Outcome> outcome) {
      ++answers[i];
      if (!outcome.ok()) {
        ++failed;
      } else if (NumbersOf(outcome->value)[0] == 2.0f * static_cast<float>(i)) {
        ++right;
      } else {
        ++wrong;
      }
    };
  }
};

class SchedulerStressTest : public ::testing::Test {
 protected:
  std::unique_ptr<Scheduler> Create() {
    return *Scheduler::Create("fake", std::make_shared<FakeModel>(FakeFacts(), script_), options_,
                              {&clock_, &permits_, log_.get(), &observer_});
  }
  // Every third request has another shape, every fifth is poisoned or cancelled.
  static Work Request(int i, Tally* tally) {
    Work work;
    work.arguments.push_back(TensorOf(i % 3 == 0 ? std::vector<float>{1.0f * i, 0, 0}
                                                 : std::vector<float>{1.0f * i, 0}));
    work.done = tally->Done(i);
    return work;
  }

  FakeScript script_;
  Scheduler::Options options_;
  SystemClock clock_;
  CorePermits permits_{2};
  std::unique_ptr<Log> log_ = Log::Silent();
  RecordingObserver observer_;
};

TEST_F(SchedulerStressTest, EveryRequestIsAnsweredOnceAndRight) {
  options_.instances = 3;
  options_.max_queue_size = 2 * kRequests;
  Tally tally;
  auto scheduler = Create();
  {
    std::vector<Thread> clients;
    clients.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t) {
      clients.emplace_back("client", [&, t] {
        for (int i = t; i < kRequests; i += kThreads) scheduler->Submit(Request(i, &tally));
      });
    }
  }
  while (tally.right + tally.failed + tally.wrong < kRequests) std::this_thread::yield();
  EXPECT_EQ(tally.right, kRequests);
  for (const auto& times : tally.answers) EXPECT_EQ(times, 1);
}

TEST_F(SchedulerStressTest, FailuresDeadlinesAndCancelsReachTheirOwnRequests) {
  script_.poison = 500;
  options_.instances = 2;
  options_.max_queue_delay = std::chrono::microseconds(200);
  options_.max_queue_size = 2 * kRequests;
  Tally tally;
  auto scheduler = Create();
  {
    std::vector<Thread> clients;
    clients.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t) {
      clients.emplace_back("client", [&, t] {
        for (int i = t; i < kRequests; i += kThreads) {
          Work work = Request(i, &tally);
          if (i % 5 == 0) work.deadline = clock_.Now() + std::chrono::microseconds(i);
          if (i % 7 == 0) {
            work.cancel = std::make_shared<CancelToken>();
            const CancelTokenPtr cancel = work.cancel;
            scheduler->Submit(std::move(work));
            cancel->Cancel();
          } else {
            scheduler->Submit(std::move(work));
          }
        }
      });
    }
  }
  while (tally.right + tally.failed + tally.wrong < kRequests) std::this_thread::yield();
  EXPECT_EQ(tally.wrong, 0);
  EXPECT_GE(tally.failed, 1) << "the poisoned one";
  EXPECT_GE(tally.right, kRequests / 2);
  for (const auto& times : tally.answers) EXPECT_EQ(times, 1);
}

TEST_F(SchedulerStressTest, PrioritiesAndTimeoutsLoseNoRequest) {
  options_.instances = 2;
  options_.max_queue_size = 2 * kRequests;
  options_.max_batch_size = 4;
  options_.preferred_batch_sizes = {2};
  options_.max_queue_delay = std::chrono::microseconds(50);
  options_.priority_levels = 3;
  options_.default_priority = 2;
  options_.priority_policies[1].default_timeout = std::chrono::microseconds(300);
  options_.priority_policies[2] = {QueuePolicy::TimeoutAction::kDelay,
                                   std::chrono::microseconds(200), true, 0};
  options_.priority_policies[3].max_queue_size = 50;
  for (const bool ordered : {false, true}) {
    options_.preserve_ordering = ordered;
    Tally tally;
    auto scheduler = Create();
    {
      std::vector<Thread> clients;
      clients.reserve(kThreads);
      for (int t = 0; t < kThreads; ++t) {
        clients.emplace_back("client", [&, t] {
          for (int i = t; i < kRequests; i += kThreads) {
            Work work = Request(i, &tally);
            work.priority = static_cast<uint64_t>(i % 5);
            work.queue_timeout = std::chrono::microseconds(i % 11 * 30);
            if (i % 7 == 0) work.cancel = std::make_shared<CancelToken>();
            const CancelTokenPtr cancel = work.cancel;
            scheduler->Submit(std::move(work));
            if (cancel != nullptr) cancel->Cancel();
          }
        });
      }
    }
    while (tally.right + tally.failed + tally.wrong < kRequests) std::this_thread::yield();
    EXPECT_EQ(tally.wrong, 0);
    EXPECT_GE(tally.right, 1);
    for (const auto& times : tally.answers) EXPECT_EQ(times, 1);
    EXPECT_EQ(scheduler->queue_depth(), 0u);
  }
}

TEST_F(SchedulerStressTest, OneClientsAnswersKeepTheirOrder) {
  options_.instances = 3;
  options_.max_queue_size = 2 * kRequests;
  options_.max_batch_size = 3;
  options_.preserve_ordering = true;
  std::mutex mutex;
  std::vector<int> order;
  auto scheduler = Create();
  for (int i = 0; i < kRequests; ++i) {
    Work work;
    work.arguments.push_back(TensorOf({1.0f * static_cast<float>(i), 0}));
    if (i % 9 == 0) work.arguments[0] = TensorOf({0, 0, 0});
    work.done = [&, i](const Result<Outcome>&) {
      const std::lock_guard lock(mutex);
      order.push_back(i);
    };
    scheduler->Submit(std::move(work));
  }
  const auto answered = [&] {
    const std::lock_guard lock(mutex);
    return order.size();
  };
  while (answered() < kRequests) std::this_thread::yield();
  for (int i = 0; i < kRequests; ++i) EXPECT_EQ(order[i], i);
}

TEST_F(SchedulerStressTest, StoppingAmidSubmissionsAnswersEveryRequestOnce) {
  options_.instances = 2;
  options_.max_queue_size = 16;
  Tally tally;
  auto scheduler = Create();
  {
    std::vector<Thread> clients;
    clients.reserve(kThreads);
    std::atomic<int> sent{0};
    for (int t = 0; t < kThreads; ++t) {
      clients.emplace_back("client", [&, t] {
        for (int i = t; i < kRequests; i += kThreads) {
          scheduler->Submit(Request(i, &tally));
          if (++sent == kRequests / 2) scheduler->Stop();
        }
      });
    }
  }
  scheduler.reset();
  EXPECT_EQ(tally.right + tally.failed, kRequests);
  EXPECT_GE(tally.failed, kRequests / 2 - kThreads);
  for (const auto& times : tally.answers) EXPECT_EQ(times, 1);
}

}  // namespace
}  // namespace flambeau
