#include "backend/fake/fake_clock.h"

#include <gtest/gtest.h>

#include "base/thread.h"

namespace flambeau {
namespace {

using std::chrono::milliseconds;

TEST(FakeClockTest, MovesOnlyByHand) {
  FakeClock clock;
  const TimePoint start = clock.Now();
  EXPECT_EQ(clock.Now(), start);
  clock.Advance(milliseconds(5));
  EXPECT_EQ(clock.Now() - start, milliseconds(5));
}

TEST(FakeClockTest, WaitersWakeAtTheirTime) {
  FakeClock clock;
  std::mutex mutex;
  std::condition_variable condition;
  const TimePoint deadline = clock.Now() + milliseconds(10);
  TimePoint woken{};
  Thread thread("waiter", [&] {
    std::unique_lock lock(mutex);
    while (clock.Now() < deadline) clock.WaitUntil(condition, lock, deadline);
    woken = clock.Now();
  });
  clock.AwaitWaiters(1, deadline);
  clock.Advance(milliseconds(4));
  clock.AwaitWaiters(1, deadline);
  clock.Advance(milliseconds(7));
  thread.Join();
  EXPECT_EQ(woken, deadline + milliseconds(1));
}

TEST(FakeClockTest, APassedDeadlineDoesNotWait) {
  FakeClock clock;
  std::mutex mutex;
  std::condition_variable condition;
  std::unique_lock lock(mutex);
  clock.WaitUntil(condition, lock, clock.Now());
  EXPECT_TRUE(lock.owns_lock());
}

}  // namespace
}  // namespace flambeau
