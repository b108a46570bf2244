#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "codec/convert.h"
#include "codec/json_numbers.h"

namespace flambeau {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

// In memory of exactly its size, so that a read past the end is found under AddressSanitizer.
Result<Tensor> Parse(const std::string& text, std::optional<DType> dtype = std::nullopt,
                     const std::optional<Shape>& shape = std::nullopt) {
  const auto exact = std::make_unique<char[]>(text.size());
  std::copy(text.begin(), text.end(), exact.get());
  return ParseTensor({{exact.get(), text.size()}}, dtype, shape, "data");
}

std::string Refusal(const Result<Tensor>& result) {
  if (result.ok()) return "accepted";
  EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument);
  return std::string(Message(result.status()));
}

template <typename T>
std::vector<T> Elements(const Tensor& tensor) {
  const auto span = tensor.As<T>();
  return {span.begin(), span.end()};
}

TEST(ParseTensor, TakesShapeFromNesting) {
  const auto tensor = Parse(" [ [1, 2 ,3],\n\t[4,5,6] ] ", DType::kFp32);
  ASSERT_TRUE(tensor.ok()) << tensor.status();
  EXPECT_THAT(tensor->shape(), ElementsAre(2, 3));
  EXPECT_THAT(Elements<float>(*tensor), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(tensor->bytes(), 24U);
}

TEST(ParseTensor, TakesScalarAsRankZero) {
  const auto tensor = Parse("7");
  ASSERT_TRUE(tensor.ok());
  EXPECT_EQ(tensor->shape().size(), 0U);
  EXPECT_EQ(tensor->dtype(), DType::kInt64);
  EXPECT_THAT(Elements<int64_t>(*tensor), ElementsAre(7));
}

TEST(ParseTensor, FlatOrNestedDataFillsGivenShape) {
  const std::string inputs[] = {"[1,2,3,4,5,6]", "[[1,2,3],[4,5,6]]", "[[1,2],[3,4],[5,6]]"};
  for (const std::string& text : inputs) {
    const auto tensor = Parse(text, DType::kInt32, Shape{2, 3});
    ASSERT_TRUE(tensor.ok()) << text;
    EXPECT_THAT(tensor->shape(), ElementsAre(2, 3));
    EXPECT_THAT(Elements<int32_t>(*tensor), ElementsAre(1, 2, 3, 4, 5, 6));
  }
}

TEST(ParseTensor, EmptyArraysHaveZeroDimensions) {
  EXPECT_THAT(Parse("[]")->shape(), ElementsAre(0));
  EXPECT_EQ(Parse("[]")->dtype(), DType::kFp32);
  EXPECT_THAT(Parse("[[],[]]")->shape(), ElementsAre(2, 0));
  EXPECT_THAT(Parse("[[[]]]")->shape(), ElementsAre(1, 1, 0));
  EXPECT_THAT(Parse("[]", DType::kFp32, Shape{0, 3})->shape(), ElementsAre(0, 3));
}

TEST(ParseTensor, InfersDatatypesAsTorchDoes) {
  EXPECT_EQ(Parse("[1,-2]")->dtype(), DType::kInt64);
  EXPECT_EQ(Parse("[1,2.0]")->dtype(), DType::kFp32);
  EXPECT_EQ(Parse("[1,2e0]")->dtype(), DType::kFp32);
  EXPECT_EQ(Parse("[true,false]")->dtype(), DType::kBool);
  EXPECT_EQ(Parse(R"(["a","b"])")->dtype(), DType::kBytes);
  EXPECT_THAT(Elements<float>(*Parse("[3,1e1]")), ElementsAre(3, 10));
  EXPECT_EQ(Refusal(Parse("[true,1]")),
            "data[1] is a number but datatype BOOL takes true or false");
  EXPECT_EQ(Refusal(Parse("[1,true]")),
            "data[1] is a boolean but datatype INT64 takes whole numbers");
}

template <typename T>
void ExpectIntegerLimits(DType dtype) {
  using Limits = std::numeric_limits<T>;
  const std::string low = std::to_string(Limits::min());
  const std::string high = std::to_string(Limits::max());
  const auto tensor = Parse("[" + low + "," + high + ",-0]", dtype);
  ASSERT_TRUE(tensor.ok()) << tensor.status();
  EXPECT_THAT(Elements<T>(*tensor), ElementsAre(Limits::min(), Limits::max(), T{0}));
  const std::string range =
      ", out of range for " + std::string(Name(dtype)) + " (" + low + " to " + high + ")";
  // One beyond each limit: the last digit of neither limit is 9.
  std::string above = high;
  ++above.back();
  std::string below = Limits::min() == 0 ? "-1" : low;
  if (Limits::min() != 0) ++below.back();
  EXPECT_EQ(Refusal(Parse("[" + above + "]", dtype)), "data[0] is " + above + range);
  EXPECT_EQ(Refusal(Parse("[0," + below + "]", dtype)), "data[1] is " + below + range);
  EXPECT_EQ(Refusal(Parse("[99999999999999999999999]", dtype)),
            "data[0] is 99999999999999999999999" + range);
  for (const std::string fraction : {"1.5", "1.0", "1e3", "1E-1"}) {
    EXPECT_EQ(Refusal(Parse("[" + fraction + "]", dtype)),
              "data[0] is " + fraction + " but datatype " + std::string(Name(dtype)) +
                  " takes whole numbers: send it without a fraction or exponent");
  }
}

TEST(ParseTensor, IntegersAreExactAndRangeChecked) {
  ExpectIntegerLimits<uint8_t>(DType::kUint8);
  ExpectIntegerLimits<uint16_t>(DType::kUint16);
  ExpectIntegerLimits<uint32_t>(DType::kUint32);
  ExpectIntegerLimits<uint64_t>(DType::kUint64);
  ExpectIntegerLimits<int8_t>(DType::kInt8);
  ExpectIntegerLimits<int16_t>(DType::kInt16);
  ExpectIntegerLimits<int32_t>(DType::kInt32);
  ExpectIntegerLimits<int64_t>(DType::kInt64);
}

TEST(ParseTensor, FloatsAreRoundedOnce) {
  // Just above, at and just below the midpoint of 1 and the next float. Through a double the first
  // would round down to 1.
  const auto tensor =
      Parse("[1.00000005960464477540,1.000000059604644775390625,1.0000000596]", DType::kFp32);
  ASSERT_TRUE(tensor.ok());
  EXPECT_THAT(Elements<float>(*tensor), ElementsAre(std::nextafter(1.0F, 2.0F), 1.0F, 1.0F));
}

TEST(ParseTensor, FloatsEqualTheStandardLibrarys) {
  std::mt19937_64 random(7);
  const char* const formats[] = {"%.3g", "%.8g", "%.9g", "%.17g", "%.25g", "%.10f", "%.20e"};
  for (int i = 0; i < 20000; ++i) {
    double value = 0;
    if (i % 2 == 0) {
      value = std::bit_cast<float>(static_cast<uint32_t>(random()));
      // Every fourth, the midpoint to the next float: the hardest to round.
      if (i % 4 == 0) {
        value = (value + static_cast<double>(std::nextafter(static_cast<float>(value), 1.0F))) / 2;
      }
    } else {
      value = std::uniform_real_distribution<double>(-2, 2)(random);
    }
    if (!std::isfinite(value) || std::fabs(value) > 3.4e38) continue;
    char text[400];
    std::snprintf(text, sizeof(text), formats[random() % 7], value);
    const auto as_float = Parse(text, DType::kFp32);
    ASSERT_TRUE(as_float.ok()) << text << as_float.status();
    EXPECT_EQ(std::bit_cast<uint32_t>(as_float->As<float>()[0]),
              std::bit_cast<uint32_t>(std::strtof(text, nullptr)))
        << text;
    const auto as_double = Parse(text, DType::kFp64);
    ASSERT_TRUE(as_double.ok()) << text;
    EXPECT_EQ(std::bit_cast<uint64_t>(as_double->As<double>()[0]),
              std::bit_cast<uint64_t>(std::strtod(text, nullptr)))
        << text;
  }
}

TEST(ParseTensor, FloatExtremes) {
  const auto tensor = Parse(
      "[3.4028234663852886e38,-1.401298464324817e-45,-0,-0.0,1e-400,0e999,"
      "0.00000000000000000000000000000000000001,18446744073709551615]",
      DType::kFp32);
  ASSERT_TRUE(tensor.ok()) << tensor.status();
  const auto data = tensor->As<float>();
  EXPECT_EQ(data[0], std::numeric_limits<float>::max());
  EXPECT_EQ(data[1], -std::numeric_limits<float>::denorm_min());
  EXPECT_TRUE(std::signbit(data[2]) && std::signbit(data[3]));
  EXPECT_EQ(data[4], 0.0F);
  EXPECT_EQ(data[5], 0.0F);
  EXPECT_EQ(data[6], 1e-38F);
  EXPECT_EQ(data[7], 18446744073709551615.0F);
  EXPECT_EQ(Parse("1.7976931348623157e308", DType::kFp64)->As<double>()[0],
            std::numeric_limits<double>::max());
  EXPECT_EQ(Refusal(Parse("[3.5e38]", DType::kFp32)), "data[0] is 3.5e38, out of range for FP32");
  EXPECT_EQ(Refusal(Parse("[-1e400]", DType::kFp64)), "data[0] is -1e400, out of range for FP64");
  EXPECT_EQ(Refusal(Parse("[1e99999999999999999999]", DType::kFp32)),
            "data[0] is 1e99999999999999999999, out of range for FP32");
  const std::string long_zero = "0." + std::string(5000, '0') + "1";
  EXPECT_EQ(Parse(long_zero, DType::kFp64)->As<double>()[0], 0.0);
  const std::string long_number = std::string(5000, '9') + "e-5000";
  EXPECT_EQ(Parse(long_number, DType::kFp64)->As<double>()[0], 1.0);
  EXPECT_FALSE(Parse(std::string(5000, '9'), DType::kFp64).ok());
}

TEST(ParseTensor, HalvesAreRoundedOnce) {
  // 1 + 2^-11 is the midpoint between 1 and the next half; a hair above it rounds up.
  const auto half = Parse("[1.00048828125,1.000488281250001,65504,-6e-8,65519.99]", DType::kFp16);
  ASSERT_TRUE(half.ok()) << half.status();
  EXPECT_THAT(Elements<uint16_t>(*half), ElementsAre(0x3C00, 0x3C01, 0x7BFF, 0x8001, 0x7BFF));
  EXPECT_EQ(Refusal(Parse("[65520]", DType::kFp16)), "data[0] is 65520, out of range for FP16");
  const auto bfloat = Parse("[1,1.00390625,1.003906250001,3.3895313892515355e38]", DType::kBf16);
  ASSERT_TRUE(bfloat.ok());
  EXPECT_THAT(Elements<uint16_t>(*bfloat), ElementsAre(0x3F80, 0x3F80, 0x3F81, 0x7F7F));
  EXPECT_FALSE(Parse("[3.4e38]", DType::kBf16).ok());
}

TEST(ParseTensor, NumbersFollowTheGrammarOfJson) {
  for (const std::string text :
       {"01", "+1", ".5", "1.", "-", "1e", "1e+", "-.5", "00", "-01", "nan", "inf", "", "tru"}) {
    EXPECT_FALSE(Parse("[" + text + (text.empty() ? ",1]" : "]"), DType::kFp32).ok()) << text;
    EXPECT_FALSE(Parse("[1," + text + "]", DType::kFp32).ok()) << text;
  }
  for (const std::string text : {"0x10", "1 2", "1_000", "1,5.", "1f"}) {
    EXPECT_FALSE(Parse("[" + text + "]", DType::kFp32).ok()) << text;
    EXPECT_FALSE(Parse("[" + text + "]").ok()) << text;
  }
  EXPECT_EQ(Refusal(Parse("[1,01]", DType::kFp32)), "data[1] is not valid JSON: 01");
}

TEST(ParseTensor, NotFiniteTokensPointToBinary) {
  for (const std::string token : {"NaN", "Infinity", "-Infinity"}) {
    EXPECT_EQ(
        Refusal(Parse("[[1," + token + "]]", DType::kFp32)),
        "data[0][1] is " + token + ", which JSON cannot carry: send this tensor as binary data");
  }
}

TEST(ParseTensor, OtherKindsAreRefused) {
  EXPECT_EQ(Refusal(Parse("[null]", DType::kFp32)),
            "data[0] is null but datatype FP32 takes numbers");
  EXPECT_EQ(Refusal(Parse("[1,\"2\"]", DType::kInt8)),
            "data[1] is a string but datatype INT8 takes whole numbers");
  EXPECT_EQ(Refusal(Parse("[{\"a\":1}]", DType::kFp64)),
            "data[0] is an object but datatype FP64 takes numbers");
  EXPECT_EQ(Refusal(Parse("[1]", DType::kBytes)),
            "data[0] is a number but datatype BYTES takes strings");
  EXPECT_EQ(Refusal(Parse("[1]", DType::kBool)),
            "data[0] is a number but datatype BOOL takes true or false");
  EXPECT_EQ(Refusal(Parse("{}")), "data is an object but datatype FP32 takes numbers");
}

TEST(ParseTensor, RaggedRowsAreRefused) {
  EXPECT_EQ(Refusal(Parse("[[1,2,3,4],[1,2,3]]")),
            "data[1] has 3 values but data[0] has 4: rows must have one length");
  EXPECT_EQ(Refusal(Parse("[[1],[1,2]]")),
            "data[1] has 2 values but data[0] has 1: rows must have one length");
  EXPECT_EQ(Refusal(Parse("[[[1],[2]],[[3]]]")),
            "data[1] has 1 value but data[0] has 2: rows must have one length");
  EXPECT_EQ(Refusal(Parse("[[1,2],[3,4],[5]]", DType::kFp32, Shape{5})),
            "data[2] has 1 value but data[0] has 2: rows must have one length");
  const std::string uneven =
      " is not nested as deeply as the values before it: rows must have one depth and one length";
  EXPECT_EQ(Refusal(Parse("[1,[2]]")), "data[1]" + uneven);
  EXPECT_EQ(Refusal(Parse("[[1],2]")), "data[1]" + uneven);
  EXPECT_EQ(Refusal(Parse("[[],[[]]]")), "data[1][0]" + uneven);
}

TEST(ParseTensor, CountMustMatchGivenShape) {
  EXPECT_EQ(Refusal(Parse("[1,2,3,4,5]", DType::kFp32, Shape{2, 3})),
            "data has 5 elements but shape [2,3] needs 6");
  EXPECT_EQ(Refusal(Parse("[1]", DType::kFp32, Shape{int64_t{1} << 40, 1 << 20})),
            "data has 1 element but shape [1099511627776,1048576] needs 1152921504606846976");
  EXPECT_EQ(Refusal(Parse("[1,2]", DType::kFp32, Shape{int64_t{1} << 40, int64_t{1} << 40})),
            "data has 2 elements but shape [1099511627776,1099511627776] needs more than can be "
            "counted");
  EXPECT_FALSE(Parse("[]", DType::kFp32, Shape{1}).ok());
  EXPECT_FALSE(Parse("[\"a\"]", DType::kBytes, Shape{2}).ok());
}

TEST(ParseTensor, DeepNestingIsRefused) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + "1" + std::string(depth, ']');
  };
  EXPECT_EQ(Parse(nested(32))->shape().size(), 32U);
  EXPECT_EQ(Refusal(Parse(nested(33))), "data is nested deeper than 32 arrays");
  EXPECT_EQ(Refusal(Parse(std::string(100000, '['))), "data is nested deeper than 32 arrays");
}

TEST(ParseTensor, EveryTruncationIsRefused) {
  for (const std::string whole :
       {R"([[1.5,2],[3,4e1]])", R"([["a","\u00e9"],["","\\"]])", R"([[true],[false]])"}) {
    ASSERT_TRUE(Parse(whole).ok());
    for (size_t length = 0; length < whole.size(); ++length) {
      EXPECT_FALSE(Parse(whole.substr(0, length)).ok()) << whole.substr(0, length);
    }
  }
}

TEST(ParseTensor, StructureMustBeSound) {
  for (const std::string text : {"[1,]", "[,1]", "[1,,2]", "[1}", "[1]]", "[1] 2", "[[1]2]",
                                 "[[1][2]]", "[1 2]", "]", "[1],", "1,2", "[truefalse]"}) {
    EXPECT_FALSE(Parse(text).ok()) << text;
    EXPECT_FALSE(Parse(text, DType::kFp32).ok()) << text;
  }
}

std::vector<std::string> Strings(const Result<Tensor>& tensor) {
  const auto elements = BytesElements(*tensor);
  if (!elements.ok()) return {"broken"};
  return {elements->begin(), elements->end()};
}

TEST(ParseTensor, StringsAreUnescaped) {
  const auto tensor =
      Parse(R"(["", "a\"\\\/\b\f\n\r\t", "\u0041\u00e9\u20ac\ud83d\ude00\u0000", "é€😀"])");
  ASSERT_TRUE(tensor.ok()) << tensor.status();
  EXPECT_THAT(tensor->shape(), ElementsAre(4));
  EXPECT_THAT(Strings(tensor), ElementsAre("", "a\"\\/\b\f\n\r\t",
                                           std::string("A\u00e9\u20ac\U0001F600\0", 11), "é€😀"));
}

TEST(ParseTensor, BadStringsAreRefused) {
  const std::string surrogate = "data[0] is not valid: a string has half of a surrogate pair";
  for (const std::string text : {R"(["\ud800"])", R"(["\udc00"])", R"(["\ud800\u0041"])",
                                 R"(["\ud800x"])", R"(["\ud83d\ud83d"])"}) {
    EXPECT_EQ(Refusal(Parse(text)), surrogate) << text;
  }
  for (const std::string bytes : {"\x80", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                  "\xE2\x82", "\xF0\x80\x80\x80", "\xFF"}) {
    EXPECT_EQ(Refusal(Parse("[\"" + bytes + "\"]")), "data[0] is not valid: a string is not UTF-8");
  }
  EXPECT_FALSE(Parse("[\"a\nb\"]").ok());
  EXPECT_FALSE(Parse(R"(["\x41"])").ok());
  EXPECT_FALSE(Parse(R"(["\u12g4"])").ok());
  EXPECT_FALSE(Parse(R"(["\u-123"])").ok());
}

TEST(ParseTensor, MemoryGrowsWithTheText) {
  // A million commas claim nothing near the terabyte that the shape does.
  const auto tensor =
      Parse("[" + std::string(1000000, ',') + "]", DType::kFp64, Shape{1 << 20, 1 << 17});
  EXPECT_EQ(Refusal(tensor), "data[0] is nothing but datatype FP64 takes numbers");
}

TEST(IsUtf8, IsStrict) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("a\u00e9\u20ac\U0010FFFF"));
  EXPECT_FALSE(IsUtf8("\xED\xBF\xBF"));
  EXPECT_FALSE(IsUtf8("a\xC3"));
  EXPECT_FALSE(IsUtf8("\xC1\xBF"));
}

}  // namespace
}  // namespace flambeau
