#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "flambeau/cancellation_internal.h"

namespace flambeau::client {
namespace {

TEST(CancellationTest, RunsEveryActionOnce) {
  const Cancellation cancellation;
  int first = 0;
  int second = 0;
  const OnCancel a(cancellation, [&first] { ++first; });
  {
    const OnCancel gone(cancellation, [&second] { ++second; });
  }
  cancellation.Cancel();
  cancellation.Cancel();
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 0);
  EXPECT_TRUE(cancellation.cancelled());
}

TEST(CancellationTest, AnActionThatComesLateRunsAtOnce) {
  const Cancellation cancellation;
  cancellation.Cancel();
  int count = 0;
  const OnCancel late(cancellation, [&count] { ++count; });
  EXPECT_EQ(count, 1);
}

TEST(CancellationTest, CopiesAreTheSameSwitch) {
  const Cancellation cancellation;
  const std::array copies{cancellation};
  copies[0].Cancel();
  EXPECT_TRUE(cancellation.cancelled());
  EXPECT_FALSE(Cancellation().cancelled());
}

TEST(CancellationTest, WakesThoseThatWait) {
  const Cancellation cancellation;
  std::thread canceller([cancellation] { cancellation.Cancel(); });
  EXPECT_TRUE(cancellation.state()->WaitFor(std::chrono::minutes(10)));
  canceller.join();
  EXPECT_FALSE(Cancellation().state()->WaitFor(std::chrono::nanoseconds(0)));
}

}  // namespace
}  // namespace flambeau::client
