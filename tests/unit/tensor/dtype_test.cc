#include "tensor/dtype.h"

#include <gtest/gtest.h>

namespace flambeau {
namespace {

TEST(DTypeTest, EveryNameParsesBack) {
  for (int i = 0; i <= static_cast<int>(DType::kBytes); ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(ParseDType(Name(dtype)), dtype) << Name(dtype);
  }
}

TEST(DTypeTest, NamesAreTheProtocols) {
  EXPECT_EQ(Name(DType::kBool), "BOOL");
  EXPECT_EQ(Name(DType::kInt64), "INT64");
  EXPECT_EQ(Name(DType::kBf16), "BF16");
  EXPECT_EQ(Name(DType::kFp32), "FP32");
  EXPECT_EQ(Name(DType::kBytes), "BYTES");
}

TEST(DTypeTest, UnknownNamesParseToNothing) {
  EXPECT_EQ(ParseDType("fp32"), std::nullopt);
  EXPECT_EQ(ParseDType("FP8"), std::nullopt);
  EXPECT_EQ(ParseDType(""), std::nullopt);
}

TEST(DTypeTest, Sizes) {
  EXPECT_EQ(ItemSize(DType::kBool), 1u);
  EXPECT_EQ(ItemSize(DType::kUint16), 2u);
  EXPECT_EQ(ItemSize(DType::kBf16), 2u);
  EXPECT_EQ(ItemSize(DType::kFp32), 4u);
  EXPECT_EQ(ItemSize(DType::kFp64), 8u);
  EXPECT_EQ(ItemSize(DType::kBytes), 0u);
}

TEST(DTypeTest, BoolAndBytesAreNeitherFloatNorInteger) {
  for (const DType dtype : {DType::kBool, DType::kBytes}) {
    EXPECT_FALSE(IsFloat(dtype));
    EXPECT_FALSE(IsInteger(dtype));
  }
  EXPECT_TRUE(IsFloat(DType::kFp16));
  EXPECT_TRUE(IsFloat(DType::kFp64));
  EXPECT_TRUE(IsInteger(DType::kUint8));
  EXPECT_TRUE(IsInteger(DType::kInt64));
  EXPECT_FALSE(IsInteger(DType::kFp16));
}

}  // namespace
}  // namespace flambeau
