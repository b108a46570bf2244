#include "base/wake_scope.h"

#include <gtest/gtest.h>

namespace flambeau {
namespace {

class CountingSleeper final : public Sleeper {
 public:
  void Wake() override { ++times; }
  int times = 0;
};

TEST(WakeScopeTest, WithoutAScopeWakesAtOnce) {
  const auto sleeper = std::make_shared<CountingSleeper>();
  WakeScope::Wake(sleeper);
  EXPECT_EQ(sleeper->times, 1);
  WakeScope::Wake(sleeper);
  EXPECT_EQ(sleeper->times, 2);
}

TEST(WakeScopeTest, WakesEachOnceAtItsEnd) {
  const auto first = std::make_shared<CountingSleeper>();
  const auto second = std::make_shared<CountingSleeper>();
  {
    const WakeScope scope;
    WakeScope::Wake(first);
    WakeScope::Wake(second);
    WakeScope::Wake(first);
    EXPECT_EQ(first->times + second->times, 0);
  }
  EXPECT_EQ(first->times, 1);
  EXPECT_EQ(second->times, 1);
  WakeScope::Wake(first);
  EXPECT_EQ(first->times, 2);
}

TEST(WakeScopeTest, KeepsWhoIsOwedAWakeUp) {
  auto sleeper = std::make_shared<CountingSleeper>();
  const std::weak_ptr<CountingSleeper> seen = sleeper;
  {
    const WakeScope scope;
    WakeScope::Wake(std::move(sleeper));
    EXPECT_FALSE(seen.expired());
  }
  EXPECT_TRUE(seen.expired());
}

}  // namespace
}  // namespace flambeau
