#include "base/checked.h"

#include <gtest/gtest.h>

#include <limits>

namespace flambeau {
namespace {

TEST(CheckedTest, AddsUpToTheLargestValue) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(CheckedAdd<int64_t>(kMax - 1, 1), kMax);
  EXPECT_EQ(CheckedAdd<int64_t>(kMax, 1), std::nullopt);
  EXPECT_EQ(CheckedAdd<size_t>(2, 3), 5u);
}

TEST(CheckedTest, MultipliesUpToTheLargestValue) {
  EXPECT_EQ(CheckedMultiply<int64_t>(int64_t{1} << 31, int64_t{1} << 31), int64_t{1} << 62);
  EXPECT_EQ(CheckedMultiply<int64_t>(int64_t{1} << 32, int64_t{1} << 32), std::nullopt);
  EXPECT_EQ(CheckedMultiply<uint32_t>(0, 4000000000u), 0u);
}

}  // namespace
}  // namespace flambeau
