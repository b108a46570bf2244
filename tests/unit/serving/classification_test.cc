#include "serving/classification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "codec/convert.h"

namespace flambeau {
namespace {

using testing::ElementsAre;

template <typename T>
Tensor Scores(DType dtype, const Shape& shape, const std::vector<T>& elements) {
  Tensor tensor = *Tensor::Allocate(dtype, shape);
  EXPECT_EQ(tensor.bytes(), elements.size() * sizeof(T));
  if (!elements.empty()) std::memcpy(tensor.mutable_data(), elements.data(), tensor.bytes());
  return tensor;
}

std::vector<std::string> Texts(const Result<Tensor>& classes) {
  EXPECT_TRUE(classes.ok()) << classes.status();
  if (!classes.ok()) return {};
  EXPECT_EQ(classes->dtype(), DType::kBytes);
  const auto elements = BytesElements(*classes);
  return {elements->begin(), elements->end()};
}

TEST(ClassifyTest, LargestFirstWithLabels) {
  const Tensor scores = Scores<float>(DType::kFp32, {4}, {0.5F, 3.3F, -1, 2});
  const auto classes = Classify(scores, 3, false, {"cat", "dog"}, "y");
  EXPECT_THAT(Texts(classes), ElementsAre("3.300000:1:dog", "2.000000:3", "0.500000:0:cat"));
  EXPECT_THAT(classes->shape(), ElementsAre(3));
}

TEST(ClassifyTest, EachRowByItself) {
  const Tensor scores = Scores<int64_t>(DType::kInt64, {2, 3}, {1, 5, 3, 9, -2, 9});
  const auto classes = Classify(scores, 2, true, {}, "y");
  EXPECT_THAT(Texts(classes), ElementsAre("5:1", "3:2", "9:0", "9:2"));
  EXPECT_THAT(classes->shape(), ElementsAre(2, 2));
  const auto all = Classify(scores, 2, false, {}, "y");
  EXPECT_THAT(Texts(all), ElementsAre("9:3", "9:5"));
  EXPECT_THAT(all->shape(), ElementsAre(2));
}

TEST(ClassifyTest, EqualOnesByIndexAndNanLast) {
  const float nan = std::nanf("");
  const float infinity = std::numeric_limits<float>::infinity();
  const Tensor scores = Scores<float>(DType::kFp32, {6}, {nan, 1, -infinity, 1, nan, infinity});
  std::vector<std::string> texts = Texts(Classify(scores, 6, false, {}, "y"));
  ASSERT_EQ(texts.size(), 6U);
  EXPECT_EQ(texts[0], "inf:5");
  EXPECT_EQ(texts[1], "1.000000:1");
  EXPECT_EQ(texts[2], "1.000000:3");
  EXPECT_EQ(texts[3], "-inf:2");
  EXPECT_THAT(texts[4], testing::EndsWith("nan:0"));
  EXPECT_THAT(texts[5], testing::EndsWith("nan:4"));
}

TEST(ClassifyTest, AsksForMoreThanThereAre) {
  const Tensor scores = Scores<uint8_t>(DType::kUint8, {2, 2}, {7, 200, 0, 1});
  EXPECT_THAT(Texts(Classify(scores, INT64_MAX, true, {}, "y")),
              ElementsAre("200:1", "7:0", "1:1", "0:0"));
  const auto none = Classify(Scores<uint8_t>(DType::kUint8, {3, 0}, {}), 5, true, {}, "y");
  EXPECT_THAT(Texts(none), ElementsAre());
  EXPECT_THAT(none->shape(), ElementsAre(3, 0));
  EXPECT_THAT(Texts(Classify(Scores<uint8_t>(DType::kUint8, {}, {9}), 5, true, {}, "y")),
              ElementsAre("9:0"));
}

TEST(ClassifyTest, EveryDatatype) {
  const auto top = [](DType dtype, auto low, auto high) {
    const auto classes =
        Classify(Scores<decltype(low)>(dtype, {2}, {low, high}), 1, false, {}, "y");
    return Texts(classes).at(0);
  };
  EXPECT_EQ(top(DType::kBool, uint8_t{0}, uint8_t{1}), "1:1");
  EXPECT_EQ(top(DType::kInt8, int8_t{-2}, int8_t{-1}), "-1:1");
  EXPECT_EQ(top(DType::kInt16, int16_t{-2}, int16_t{-1}), "-1:1");
  EXPECT_EQ(top(DType::kInt32, int32_t{-2}, int32_t{-1}), "-1:1");
  EXPECT_EQ(top(DType::kUint16, uint16_t{1}, uint16_t{40000}), "40000:1");
  EXPECT_EQ(top(DType::kUint32, uint32_t{1}, uint32_t{4000000000}), "4000000000:1");
  EXPECT_EQ(top(DType::kUint64, uint64_t{1}, UINT64_MAX), "18446744073709551615:1");
  EXPECT_EQ(top(DType::kFp64, -1.0, 0.25), "0.250000:1");
  EXPECT_EQ(top(DType::kFp16, FloatToHalf(-4), FloatToHalf(0.5F)), "0.500000:1");
  EXPECT_EQ(top(DType::kBf16, FloatToBfloat16(-4), FloatToBfloat16(0.5F)), "0.500000:1");
}

TEST(ClassifyTest, RefusesWhatHasNoOrderAndWhatIsTooMuch) {
  EXPECT_EQ(Classify(BytesScalar("a"), 1, false, {}, "y").status().code(),
            StatusCode::kInvalidArgument);
  const std::byte none{};
  const Tensor large(DType::kUint8, {2'000'000, 1}, nullptr, &none, 2'000'000);  // never read
  EXPECT_EQ(Classify(large, 1, true, {}, "y").status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace flambeau
