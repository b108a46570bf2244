#include "tensor/shape.h"

#include <gtest/gtest.h>

namespace flambeau {
namespace {

TEST(ShapeTest, CountsElements) {
  EXPECT_EQ(ElementCount({}), 1);
  EXPECT_EQ(ElementCount({2, 3, 4}), 24);
  EXPECT_EQ(ElementCount({2, 0, 4}), 0);
}

TEST(ShapeTest, ANegativeDimensionHasNoCount) {
  EXPECT_EQ(ElementCount({-1, 3}), std::nullopt);
  EXPECT_EQ(ElementCount({0, -1}), std::nullopt);
}

TEST(ShapeTest, OverflowHasNoCount) {
  constexpr int64_t kBig = int64_t{1} << 32;
  EXPECT_EQ(ElementCount({kBig, kBig}), std::nullopt);
  EXPECT_EQ(ElementCount({kBig, kBig, 0}), std::nullopt) << "a zero hides nothing";
  EXPECT_EQ(ElementCount({kBig, kBig / 4}), int64_t{1} << 62);
}

TEST(ShapeTest, BytesOverflowToo) {
  EXPECT_EQ(ByteSize(DType::kFp32, {2, 3}), 24u);
  EXPECT_EQ(ByteSize(DType::kUint8, {int64_t{1} << 62}), size_t{1} << 62);
  EXPECT_EQ(ByteSize(DType::kFp64, {int64_t{1} << 62}), std::nullopt);
  EXPECT_EQ(ByteSize(DType::kBytes, {2}), std::nullopt);
}

TEST(ShapeTest, PrintsWithoutSpaces) {
  EXPECT_EQ(ToString(Shape{2, -1, 3}), "[2,-1,3]");
  EXPECT_EQ(ToString(Shape{}), "[]");
}

}  // namespace
}  // namespace flambeau
