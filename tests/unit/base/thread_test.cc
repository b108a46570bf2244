#include "base/thread.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>

#include <array>
#include <atomic>

namespace flambeau {
namespace {

TEST(ThreadTest, JoinsOnDestruction) {
  std::atomic<bool> ran{false};
  {
    const Thread thread("short", [&] { ran = true; });
  }
  EXPECT_TRUE(ran);
}

TEST(ThreadTest, ShowsTheFirstFifteenBytesOfItsName) {
  std::array<char, 32> name{};
  {
    const Thread thread("a-name-of-twenty-two-b",
                        [&] { pthread_getname_np(pthread_self(), name.data(), name.size()); });
  }
  EXPECT_STREQ(name.data(), "a-name-of-twent");
}

TEST(ThreadTest, AssignmentJoinsTheOldOne) {
  std::atomic<int> sum{0};
  Thread thread("one", [&] { sum += 1; });
  thread = Thread("two", [&] { sum += 10; });
  EXPECT_EQ(sum % 10, 1);
  thread.Join();
  thread.Join();
  EXPECT_EQ(sum, 11);
}

TEST(ThreadTest, GivesWayAlone) {
  const int before = getpriority(PRIO_PROCESS, 0);
  int within = before;
  Thread("behind", [&] {
    GiveWay();
    within = getpriority(PRIO_PROCESS, 0);
  }).Join();
  EXPECT_GE(within, 5);
  EXPECT_EQ(getpriority(PRIO_PROCESS, 0), before);
}

}  // namespace
}  // namespace flambeau
