#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "codec/convert.h"
#include "codec/json_numbers.h"

namespace flambeau {
namespace {

template <typename T>
Tensor Make(DType dtype, const Shape& shape, const std::vector<T>& elements) {
  Tensor tensor = *Tensor::AllocateBytes(dtype, shape, elements.size() * sizeof(T));
  std::copy(elements.begin(), elements.end(), reinterpret_cast<T*>(tensor.mutable_data()));
  return tensor;
}

std::string Nested(const Tensor& tensor) {
  std::string out;
  const Status status = AppendNested(tensor, &out);
  return status.ok() ? out : std::string(Message(status));
}

std::string Flat(const Tensor& tensor) {
  std::string out;
  const Status status = AppendFlat(tensor, &out);
  return status.ok() ? out : std::string(Message(status));
}

TEST(AppendNested, BracketsFollowTheShape) {
  const std::vector<int64_t> six = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(Nested(Make(DType::kInt64, {6}, six)), "[1,2,3,4,5,6]");
  EXPECT_EQ(Nested(Make(DType::kInt64, {2, 3}, six)), "[[1,2,3],[4,5,6]]");
  EXPECT_EQ(Nested(Make(DType::kInt64, {3, 1, 2}, six)), "[[[1,2]],[[3,4]],[[5,6]]]");
  EXPECT_EQ(Nested(Make(DType::kInt64, {1, 2, 3, 1}, six)), "[[[[1],[2],[3]],[[4],[5],[6]]]]");
  EXPECT_EQ(Nested(Make<int64_t>(DType::kInt64, {}, {7})), "7");
}

TEST(AppendNested, ZeroDimensionsEndTheNesting) {
  EXPECT_EQ(Nested(Make<float>(DType::kFp32, {0}, {})), "[]");
  EXPECT_EQ(Nested(Make<float>(DType::kFp32, {0, 3}, {})), "[]");
  EXPECT_EQ(Nested(Make<float>(DType::kFp32, {2, 0, 3}, {})), "[[],[]]");
  EXPECT_EQ(Nested(Make<float>(DType::kFp32, {1000000000, 0}, {})),
            "a result of shape [1000000000,0] is too large to be written as JSON");
}

TEST(AppendFlat, IgnoresTheShape) {
  EXPECT_EQ(Flat(Make<int64_t>(DType::kInt64, {1, 2, 1}, {1, 2})), "[1,2]");
  EXPECT_EQ(Flat(Make<int64_t>(DType::kInt64, {}, {1})), "[1]");
  EXPECT_EQ(Flat(Make<int64_t>(DType::kInt64, {2, 0}, {})), "[]");
}

TEST(AppendFlat, FloatsAreShortestAndLookLikeFloats) {
  EXPECT_EQ(Flat(Make<float>(DType::kFp32, {5}, {0.1F, 1.0F, -2.0F, 1e20F, 16777216.0F})),
            "[0.1,1.0,-2.0,1e+20,16777216.0]");
  EXPECT_EQ(Flat(Make<double>(DType::kFp64, {3}, {0.1, -0.0, 1.7976931348623157e308})),
            "[0.1,-0.0,1.7976931348623157e+308]");
}

TEST(AppendFlat, NotFiniteIsWrittenAsPythonDoes) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(Flat(Make<float>(DType::kFp32, {3}, {NAN, kInfinity, -kInfinity})),
            "[NaN,Infinity,-Infinity]");
  EXPECT_EQ(Flat(Make<uint16_t>(DType::kFp16, {3}, {0x7E00, 0x7C00, 0xFC00})),
            "[NaN,Infinity,-Infinity]");
  EXPECT_EQ(Flat(Make<uint16_t>(DType::kBf16, {3}, {0x7FC0, 0x7F80, 0xFF80})),
            "[NaN,Infinity,-Infinity]");
}

TEST(AppendFlat, IntegersAndBooleans) {
  EXPECT_EQ(Flat(Make<uint64_t>(DType::kUint64, {1}, {UINT64_MAX})), "[18446744073709551615]");
  EXPECT_EQ(Flat(Make<int64_t>(DType::kInt64, {1}, {INT64_MIN})), "[-9223372036854775808]");
  EXPECT_EQ(Flat(Make<int8_t>(DType::kInt8, {2}, {-128, 127})), "[-128,127]");
  EXPECT_EQ(Flat(Make<uint8_t>(DType::kUint8, {1}, {255})), "[255]");
  EXPECT_EQ(Flat(Make<uint8_t>(DType::kBool, {2}, {0, 1})), "[false,true]");
}

TEST(AppendFlat, NarrowFloatsAreShortInTheirOwnDatatype) {
  EXPECT_EQ(Flat(Make<uint16_t>(DType::kFp16, {4}, {FloatToHalf(0.1F), 0x3C00, 0x0001, 0x7BFF})),
            "[0.1,1.0,6e-08,65504.0]");
  EXPECT_EQ(Flat(Make<uint16_t>(DType::kBf16, {2}, {FloatToBfloat16(0.1F), 0xBF80})), "[0.1,-1.0]");
}

TEST(AppendFlat, EveryNarrowFloatReadsBackEqual) {
  std::vector<uint16_t> all(65536);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint16_t>(i);
  for (const DType dtype : {DType::kFp16, DType::kBf16}) {
    std::vector<uint16_t> finite;
    for (const uint16_t bits : all) {
      const float value = dtype == DType::kFp16 ? HalfToFloat(bits) : Bfloat16ToFloat(bits);
      if (std::isfinite(value)) finite.push_back(bits);
    }
    const Tensor tensor = Make(dtype, {static_cast<int64_t>(finite.size())}, finite);
    const std::string text = Flat(tensor);
    const auto back = ParseTensor({text}, dtype, tensor.shape(), "data");
    ASSERT_TRUE(back.ok()) << back.status();
    for (size_t i = 0; i < finite.size(); ++i) {
      ASSERT_EQ(back->As<uint16_t>()[i], finite[i]) << Name(dtype);
    }
  }
}

template <typename T>
void ExpectRoundTrip(DType dtype, std::mt19937_64* random) {
  std::vector<T> elements;
  for (int i = 0; i < 6000; ++i) {
    const uint64_t bits = (*random)();
    T element;
    std::memcpy(&element, &bits, sizeof(element));
    if (dtype == DType::kBool) element = static_cast<T>(bits & 1);
    if (IsFloat(dtype) && !std::isfinite(static_cast<double>(element))) element = T{};
    elements.push_back(element);
  }
  elements[0] = std::numeric_limits<T>::max();
  elements[1] = std::numeric_limits<T>::lowest();
  if (dtype == DType::kBool) elements[0] = elements[1] = T{1};
  const Tensor tensor = Make(dtype, {2, 30, 100}, elements);
  const std::string text = Nested(tensor);
  const auto back = ParseTensor({text}, dtype, std::nullopt, "data");
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->shape(), tensor.shape());
  ASSERT_EQ(back->bytes(), tensor.bytes());
  EXPECT_EQ(std::memcmp(back->data(), tensor.data(), tensor.bytes()), 0) << Name(dtype);
}

TEST(AppendNested, EveryDatatypeReadsBackEqual) {
  std::mt19937_64 random(11);
  ExpectRoundTrip<uint8_t>(DType::kBool, &random);
  ExpectRoundTrip<uint8_t>(DType::kUint8, &random);
  ExpectRoundTrip<uint16_t>(DType::kUint16, &random);
  ExpectRoundTrip<uint32_t>(DType::kUint32, &random);
  ExpectRoundTrip<uint64_t>(DType::kUint64, &random);
  ExpectRoundTrip<int8_t>(DType::kInt8, &random);
  ExpectRoundTrip<int16_t>(DType::kInt16, &random);
  ExpectRoundTrip<int32_t>(DType::kInt32, &random);
  ExpectRoundTrip<int64_t>(DType::kInt64, &random);
  ExpectRoundTrip<float>(DType::kFp32, &random);
  ExpectRoundTrip<double>(DType::kFp64, &random);
}

TEST(AppendNested, StringsReadBackEqual) {
  const std::vector<std::string_view> elements = {
      "", "a\"b\\", std::string_view("\0\x1f\x7f", 3), "\u00e9\u20ac\U0001F600", "\n", "x"};
  const Tensor tensor = BytesTensor(elements, {2, 3});
  const std::string text = Nested(tensor);
  EXPECT_EQ(
      text,
      "[[\"\",\"a\\\"b\\\\\",\"\\u0000\\u001f\x7f\"],[\"\u00e9\u20ac\U0001F600\",\"\\n\",\"x\"]]");
  const auto back = ParseTensor({text}, std::nullopt, std::nullopt, "data");
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->shape(), tensor.shape());
  EXPECT_EQ(*BytesElements(*back), elements);
  EXPECT_EQ(Nested(BytesTensor({"x"}, {})), "\"x\"");
}

TEST(AppendNested, BytesThatAreNotUtf8AreRefused) {
  EXPECT_EQ(
      Nested(BytesTensor({"\xFF"}, {1})),
      "the result has bytes that are not UTF-8, which JSON cannot carry: ask for binary data");
}

TEST(AppendString, ReplacesWhatIsNotUtf8) {
  std::string out;
  AppendString("a\xFFz\xC3", &out);
  EXPECT_EQ(out, "\"a\uFFFDz\uFFFD\"");
}

TEST(AppendNumber, IsAJsonNumber) {
  std::string out;
  AppendNumber(2, &out);
  out += ' ';
  AppendNumber(-1.5e300, &out);
  EXPECT_EQ(out, "2.0 -1.5e+300");
}

}  // namespace
}  // namespace flambeau
