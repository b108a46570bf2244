#include "codec/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>

namespace flambeau {
namespace {

TEST(FloatToHalf, RoundsToNearestEven) {
  EXPECT_EQ(FloatToHalf(1.0F), 0x3C00);
  EXPECT_EQ(FloatToHalf(-2.0F), 0xC000);
  EXPECT_EQ(FloatToHalf(1.0F + 0x1p-11F), 0x3C00);             // tie, to even
  EXPECT_EQ(FloatToHalf(1.0F + 3 * 0x1p-11F), 0x3C02);         // tie, to even
  EXPECT_EQ(FloatToHalf(1.0F + 0x1p-11F + 0x1p-20F), 0x3C01);  // above the tie
  EXPECT_EQ(FloatToHalf(65504.0F), 0x7BFF);
  EXPECT_EQ(FloatToHalf(65519.996F), 0x7BFF);
  EXPECT_EQ(FloatToHalf(65520.0F), 0x7C00);
  EXPECT_EQ(FloatToHalf(0x1p-24F), 0x0001);
  EXPECT_EQ(FloatToHalf(0x1p-25F), 0x0000);  // tie, to even
  EXPECT_EQ(FloatToHalf(0x1.8p-24F), 0x0002);
  EXPECT_EQ(FloatToHalf(-0.0F), 0x8000);
  EXPECT_EQ(FloatToHalf(std::numeric_limits<float>::infinity()), 0x7C00);
  EXPECT_TRUE(std::isnan(HalfToFloat(FloatToHalf(NAN))));
}

TEST(HalfToFloat, EveryHalfComesBack) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const float value = HalfToFloat(static_cast<uint16_t>(bits));
    if (std::isnan(value)) continue;
    ASSERT_EQ(FloatToHalf(value), bits);
  }
  EXPECT_EQ(HalfToFloat(0x3555), 0.333251953125F);
  EXPECT_EQ(HalfToFloat(0x0001), 0x1p-24F);
}

TEST(FloatToBfloat16, RoundsToNearestEven) {
  EXPECT_EQ(FloatToBfloat16(1.0F), 0x3F80);
  EXPECT_EQ(FloatToBfloat16(1.0F + 0x1p-8F), 0x3F80);
  EXPECT_EQ(FloatToBfloat16(1.0F + 3 * 0x1p-8F), 0x3F82);
  EXPECT_EQ(FloatToBfloat16(std::numeric_limits<float>::max()), 0x7F80);
  EXPECT_TRUE(std::isnan(Bfloat16ToFloat(FloatToBfloat16(std::bit_cast<float>(0x7F800001U)))));
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const float value = Bfloat16ToFloat(static_cast<uint16_t>(bits));
    if (std::isnan(value)) continue;
    ASSERT_EQ(FloatToBfloat16(value), bits);
  }
}

Result<Tensor> FromBinary(DType dtype, const Shape& shape, std::string_view bytes) {
  return TensorFromBinary(dtype, shape, bytes, nullptr, "inputs[0]");
}

std::string Refusal(const Result<Tensor>& result) {
  if (result.ok()) return "accepted";
  EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument);
  return std::string(Message(result.status()));
}

TEST(TensorFromBinary, SharesAlignedBytes) {
  auto body = std::make_shared<std::array<float, 3>>(std::array<float, 3>{1, 2, 3});
  const std::string_view bytes(reinterpret_cast<const char*>(body->data()), 12);
  const auto tensor = TensorFromBinary(DType::kFp32, {3}, bytes, body, "x");
  ASSERT_TRUE(tensor.ok());
  EXPECT_EQ(static_cast<const void*>(tensor->data()), body->data());
  EXPECT_EQ(tensor->owner(), body);
  EXPECT_EQ(body.use_count(), 2);
}

TEST(TensorFromBinary, CopiesBytesThatAreNotAligned) {
  alignas(8) char body[17] = {};
  const int64_t values[2] = {-1, INT64_MAX};
  std::memcpy(body + 1, values, sizeof(values));
  const auto tensor = FromBinary(DType::kInt64, {2}, {body + 1, 16});
  ASSERT_TRUE(tensor.ok());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor->data()) % 8, 0U);
  EXPECT_THAT(tensor->As<int64_t>(), testing::ElementsAre(-1, INT64_MAX));
}

TEST(TensorFromBinary, SizeMustBeTheShapes) {
  EXPECT_EQ(Refusal(FromBinary(DType::kFp32, {2, 3}, std::string(20, '\0'))),
            "inputs[0] has 20 bytes but datatype FP32 and shape [2,3] need 24");
  EXPECT_EQ(Refusal(FromBinary(DType::kFp64, {int64_t{1} << 61}, "")),
            "inputs[0] has shape [2305843009213693952], whose size cannot be represented");
  EXPECT_FALSE(FromBinary(DType::kBytes, {int64_t{1} << 40, int64_t{1} << 40}, "").ok());
  EXPECT_FALSE(FromBinary(DType::kFp32, {-1}, "").ok());
  EXPECT_TRUE(FromBinary(DType::kFp32, {0, 4}, "").ok());
}

TEST(TensorFromBinary, BooleansAreZeroOrOne) {
  EXPECT_TRUE(FromBinary(DType::kBool, {2}, std::string_view("\0\1", 2)).ok());
  EXPECT_EQ(Refusal(FromBinary(DType::kBool, {2}, "\1\2")),
            "inputs[0] has the byte 2 at element 1: BOOL takes bytes 0 and 1");
}

TEST(TensorFromBinary, LengthPrefixesMustAddUp) {
  const std::string_view two("\1\0\0\0a\0\0\0\0", 9);
  const auto tensor = FromBinary(DType::kBytes, {2}, two);
  ASSERT_TRUE(tensor.ok());
  EXPECT_THAT(*BytesElements(*tensor), testing::ElementsAre("a", ""));
  EXPECT_EQ(Refusal(FromBinary(DType::kBytes, {3}, two)),
            "inputs[0] has 2 BYTES elements but shape [3] needs 3");
  EXPECT_EQ(Refusal(FromBinary(DType::kBytes, {2}, two.substr(0, 8))),
            "inputs[0] has a length prefix that runs past its end at element 1: each BYTES element "
            "is a 4-byte little-endian length and its bytes");
  EXPECT_FALSE(FromBinary(DType::kBytes, {1},
                          std::string_view("\xff\xff\xff\xff"
                                           "a",
                                           5))
                   .ok());
  EXPECT_FALSE(FromBinary(DType::kBytes, {1}, std::string_view("\2\0\0\0a", 5)).ok());
}

TEST(BytesTensor, HoldsTheBinaryForm) {
  const Tensor tensor = BytesTensor({"ab", ""}, {2, 1});
  EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(tensor.data()), tensor.bytes()),
            std::string_view("\2\0\0\0ab\0\0\0\0", 10));
  EXPECT_THAT(tensor.shape(), testing::ElementsAre(2, 1));
}

TEST(BytesElements, BrokenPrefixesAreRefused) {
  const Tensor tensor(DType::kBytes, Shape{1}, nullptr,
                      reinterpret_cast<const std::byte*>("\5\0\0\0"), 4);
  EXPECT_EQ(BytesElements(tensor).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace flambeau
