#include "app/idle_memory.h"

#include <gtest/gtest.h>

#include <vector>

namespace flambeau {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

class IdleMemoryTest : public ::testing::Test {
 protected:
  IdleMemoryTest() { memory_.GaveBack(100 * kMiB); }
  IdleMemory memory_;
};

TEST_F(IdleMemoryTest, IsGivenBackOnceRequestsHaveStopped) {
  EXPECT_FALSE(memory_.WorthGivingBack(1, 500 * kMiB));
  EXPECT_FALSE(memory_.WorthGivingBack(0, 500 * kMiB));  // they may only pause
  EXPECT_TRUE(memory_.WorthGivingBack(0, 500 * kMiB));
}

TEST_F(IdleMemoryTest, IsNotGivenBackBetweenRequests) {
  EXPECT_FALSE(memory_.WorthGivingBack(0, 500 * kMiB));
  EXPECT_FALSE(memory_.WorthGivingBack(1, 500 * kMiB));
  EXPECT_FALSE(memory_.WorthGivingBack(0, 500 * kMiB));
}

TEST_F(IdleMemoryTest, WhatIsLeftIsNotGivenBackAgain) {
  EXPECT_FALSE(memory_.WorthGivingBack(0, 500 * kMiB));
  EXPECT_TRUE(memory_.WorthGivingBack(0, 500 * kMiB));
  memory_.GaveBack(300 * kMiB);
  EXPECT_FALSE(memory_.WorthGivingBack(0, 300 * kMiB));
  EXPECT_FALSE(memory_.WorthGivingBack(0, 331 * kMiB));
  EXPECT_TRUE(memory_.WorthGivingBack(0, 332 * kMiB));
}

TEST_F(IdleMemoryTest, CountsFromTheLeastThatWasResident) {
  EXPECT_FALSE(memory_.WorthGivingBack(0, 60 * kMiB));
  EXPECT_TRUE(memory_.WorthGivingBack(0, 100 * kMiB));
}

TEST(ResidentMemoryTest, GrowsWithWhatIsTouched) {
  const size_t before = ResidentMemory();
  EXPECT_GT(before, 0u);
  const std::vector<char> touched(64 * kMiB, 'x');
  EXPECT_GT(ResidentMemory(), before + 32 * kMiB);
  EXPECT_EQ(touched.back(), 'x');
}

}  // namespace
}  // namespace flambeau
