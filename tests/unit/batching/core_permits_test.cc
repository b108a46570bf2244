#include "batching/core_permits.h"

#include <gtest/gtest.h>

#include <atomic>
#include <utility>

#include "base/thread.h"

namespace flambeau {
namespace {

TEST(CorePermitsTest, GivesNoMoreThanThereAre) {
  CorePermits permits(3);
  EXPECT_TRUE(permits.TryAcquire(2));
  EXPECT_FALSE(permits.TryAcquire(2));
  EXPECT_TRUE(permits.TryAcquire(1));
  permits.Release(2);
  EXPECT_TRUE(permits.TryAcquire(2));
}

TEST(CorePermitsTest, ARunThatWantsMoreThanAllTakesAll) {
  CorePermits permits(2);
  permits.Acquire(5);
  EXPECT_FALSE(permits.TryAcquire(1));
  permits.Release(5);
  EXPECT_TRUE(permits.TryAcquire(2));
}

TEST(CorePermitsTest, ThereIsAlwaysOne) {
  CorePermits permits(0);
  EXPECT_EQ(permits.cores(), 1);
  EXPECT_TRUE(permits.TryAcquire(1));
}

TEST(CorePermitsTest, AReleaseWakesWhoeverWaits) {
  CorePermits permits(2);
  permits.Acquire(2);
  std::atomic<int> done{0};
  {
    const Thread one("one", [&] {
      permits.Acquire(1);
      ++done;
    });
    const Thread two("two", [&] {
      permits.Acquire(1);
      ++done;
    });
    permits.Release(2);
  }
  EXPECT_EQ(done, 2);
  EXPECT_FALSE(permits.TryAcquire(1));
}

TEST(CorePermitsTest, TellsHowManyAreAvailable) {
  CorePermits permits(4);
  EXPECT_EQ(permits.available(), 4);
  permits.Acquire(3);
  EXPECT_EQ(permits.available(), 1);
  permits.Release(3);
  EXPECT_EQ(permits.available(), 4);
}

TEST(CorePermitsTest, AQuarterOfTheCoresMayRunAside) {
  for (const auto [cores, aside] : {std::pair{1, 1}, {2, 1}, {7, 1}, {8, 2}}) {
    CorePermits permits(cores);
    permits.Acquire(cores);
    for (int i = 0; i < aside; ++i) EXPECT_TRUE(permits.TryAside(Duration::zero())) << cores;
    EXPECT_FALSE(permits.TryAside(Duration::zero())) << cores;
    permits.EndAside();
    EXPECT_TRUE(permits.TryAside(Duration::zero())) << cores;
  }
}

}  // namespace
}  // namespace flambeau
