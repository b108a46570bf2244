#include "batching/compare.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "batching/element.h"
#include "batching/scheduler_fixture.h"

namespace flambeau {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

Tensor Floats(const std::vector<float>& numbers) { return *TensorOf(numbers).tensor(); }

Tensor Int64s(const std::vector<int64_t>& numbers) {
  Tensor tensor = *Tensor::Allocate(DType::kInt64, {static_cast<int64_t>(numbers.size())});
  std::memcpy(tensor.mutable_data(), numbers.data(), tensor.bytes());
  return tensor;
}

TEST(CompareTest, FindsTheLargestDifference) {
  EXPECT_EQ(LargestDifference(Floats({1, 2, 3}), Floats({1, 2, 3})), 0);
  EXPECT_EQ(LargestDifference(Floats({1, 2, 3}), Floats({1, -2, 3.5})), 4);
  EXPECT_EQ(LargestDifference(Floats({0.0f}), Floats({-0.0f})), 0);
}

TEST(CompareTest, OtherShapesAndNumbersThatAreNoneAreInfinitelyFar) {
  EXPECT_EQ(LargestDifference(Floats({1, 2}), Floats({1, 2, 3})), kInfinity);
  EXPECT_EQ(LargestDifference(Floats({1, NAN}), Floats({1, 2})), kInfinity);
  EXPECT_EQ(LargestDifference(Floats({1, 2}), Int64s({1, 2})), kInfinity);
}

TEST(CompareTest, LargeIntegersDifferThoughTheirDoublesDoNot) {
  constexpr int64_t kBig = int64_t{1} << 60;
  EXPECT_EQ(LargestDifference(Int64s({kBig}), Int64s({kBig + 1})), 1);
  EXPECT_EQ(LargestDifference(Int64s({3}), Int64s({-4})), 7);
}

TEST(CompareTest, FindsTheLargestMagnitude) {
  EXPECT_EQ(LargestMagnitude(Floats({1, -5, 3})), 5);
  EXPECT_EQ(LargestMagnitude(Floats({1, -kInfinity})), kInfinity);
  EXPECT_EQ(LargestMagnitude(Floats({1, NAN})), kInfinity);
}

TEST(CompareTest, OnlyFloatsRound) {
  EXPECT_EQ(RelativeTolerance(DType::kInt64), 0);
  EXPECT_EQ(RelativeTolerance(DType::kBool), 0);
  EXPECT_LT(RelativeTolerance(DType::kFp64), RelativeTolerance(DType::kFp32));
  EXPECT_LT(RelativeTolerance(DType::kFp32), 1e-4);
}

TEST(ElementTest, FloatsSurviveTheirDatatype) {
  for (const DType dtype : {DType::kFp16, DType::kBf16, DType::kFp32, DType::kFp64}) {
    for (const double number : {0.0, 1.0, -2.5, 0.125, 96.0, -0.00048828125}) {
      std::byte bytes[8];
      WriteFloat(dtype, number, bytes);
      EXPECT_EQ(ReadElement(dtype, bytes), number) << Name(dtype);
    }
  }
}

TEST(ElementTest, HalvesHaveTheirEncoding) {
  const auto read = [](uint16_t bits) {
    std::byte bytes[2];
    std::memcpy(bytes, &bits, 2);
    return ReadElement(DType::kFp16, bytes);
  };
  EXPECT_EQ(read(0x3c00), 1);
  EXPECT_EQ(read(0xc000), -2);
  EXPECT_EQ(read(0x7bff), 65504);
  EXPECT_EQ(read(0x0001), std::ldexp(1, -24));
  EXPECT_EQ(read(0x7c00), kInfinity);
  EXPECT_TRUE(std::isnan(read(0x7e00)));
}

}  // namespace
}  // namespace flambeau
