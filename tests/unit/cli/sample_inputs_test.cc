#include "cli/bench/sample_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flambeau::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string Sentence(const absl::Status& status) { return std::string(status.message()); }

TEST(SampleInputsTest, FillTheModelsShapes) {
  ModelMetadata metadata;
  metadata.inputs = {{"x", "FP32", {-1, 3, 50}}, {"ids", "INT64", {-1, -1}}, {"s", "BYTES", {1}}};
  const auto inputs = MakeSampleInputs(metadata, {{"ids", {2, 9000}}}, SampleData::kRandom);
  ASSERT_TRUE(inputs.ok()) << inputs.status();
  EXPECT_EQ((*inputs)[0].name, "x");
  EXPECT_EQ((*inputs)[0].datatype, "FP32");
  EXPECT_THAT((*inputs)[0].shape, ElementsAre(1, 3, 50));
  const auto floats = Elements<float>((*inputs)[0]).value();
  ASSERT_EQ(floats.size(), 150U);
  EXPECT_THAT(floats, testing::Each(testing::AllOf(testing::Ge(0), testing::Le(1))));
  EXPECT_NE(floats[0], floats[1]);
  EXPECT_THAT((*inputs)[1].shape, ElementsAre(2, 9000));
  const auto ids = Elements<int64_t>((*inputs)[1]).value();
  ASSERT_EQ(ids.size(), 18000U);
  EXPECT_THAT(ids, testing::Each(testing::AnyOf(0, 1)));
  EXPECT_THAT(ids, testing::Contains(1));
  EXPECT_EQ((*inputs)[2].bytes, std::string("\1\0\0\0a", 5));
}

TEST(SampleInputsTest, EveryDatatypeHasBytes) {
  for (const auto& [datatype, size] : std::map<std::string, size_t>{{"BOOL", 1},
                                                                    {"INT8", 1},
                                                                    {"INT16", 2},
                                                                    {"INT32", 4},
                                                                    {"INT64", 8},
                                                                    {"UINT8", 1},
                                                                    {"UINT16", 2},
                                                                    {"UINT32", 4},
                                                                    {"UINT64", 8},
                                                                    {"FP16", 2},
                                                                    {"BF16", 2},
                                                                    {"FP32", 4},
                                                                    {"FP64", 8}}) {
    ModelMetadata metadata;
    metadata.inputs = {{"x", datatype, {-1, 50}}};
    for (const SampleData data : {SampleData::kRandom, SampleData::kZeros}) {
      const auto inputs = MakeSampleInputs(metadata, {}, data);
      ASSERT_TRUE(inputs.ok()) << inputs.status();
      const std::string zeros(50 * size, '\0');
      EXPECT_EQ(inputs->front().bytes.size(), zeros.size()) << datatype;
      EXPECT_EQ(inputs->front().bytes == zeros, data == SampleData::kZeros) << datatype;
    }
  }
}

TEST(SampleInputsTest, AskForWhatNobodyKnows) {
  ModelMetadata metadata;
  metadata.name = "m";
  metadata.inputs = {{"ids", "INT64", {-1, -1}}};
  EXPECT_EQ(Sentence(MakeSampleInputs(metadata, {}, SampleData::kRandom).status()),
            "input 'ids' has the shape [-1,-1]; give one: --shape ids=1,3,224,224");
  metadata.inputs = {{"x", "FP32", {-1}}};
  metadata.properties = {{"inputs.x.shape", "unknown"}, {"inputs.x.datatype", "unknown"}};
  EXPECT_THAT(Sentence(MakeSampleInputs(metadata, {}, SampleData::kRandom).status()),
              HasSubstr("no known shape"));
  EXPECT_TRUE(MakeSampleInputs(metadata, {{"x", {1, 2}}}, SampleData::kRandom).ok());
  EXPECT_EQ(
      Sentence(MakeSampleInputs(metadata, {{"x", {1}}, {"y", {1}}}, SampleData::kZeros).status()),
      "model 'm' has no input 'y', which --shape names");
  EXPECT_THAT(
      Sentence(MakeSampleInputs(metadata, {{"x", {1 << 20, 1 << 30, 1 << 30}}}, SampleData::kZeros)
                   .status()),
      HasSubstr("smaller --shape"));
}

TEST(SampleInputsTest, ShapesAreReadFromFlags) {
  const auto shapes = ParseShapes({"x=1,3,224,224", "a=b=7"});
  ASSERT_TRUE(shapes.ok()) << shapes.status();
  EXPECT_THAT(shapes->at("x"), ElementsAre(1, 3, 224, 224));
  EXPECT_THAT(shapes->at("a=b"), ElementsAre(7));
  for (const char* wrong : {"x", "x=", "=1", "x=1,", "x=1,-2", "x=1x3", "x=99999999999999999999"}) {
    EXPECT_EQ(Sentence(ParseShapes({wrong}).status()),
              "--shape '" + std::string(wrong) + "' is not written as NAME=1,3,224,224");
  }
}

}  // namespace
}  // namespace flambeau::client
