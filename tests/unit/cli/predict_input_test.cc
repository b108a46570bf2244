#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "cli/npy.h"
#include "cli/predict.h"

namespace flambeau::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PredictInputTest : public testing::Test {
 protected:
  PredictInputTest() : path_(testing::TempDir() + "predict_input." + std::to_string(getpid())) {
    const Tensor row = MakeTensor("", {1, 2}, std::vector<float>{1, 2});
    std::ofstream(path_, std::ios::binary) << *TensorToNpy(row);
    pair_.name = "pair";
    pair_.inputs = {{"a", "FP32", {-1, 2}}, {"b", "INT64", {-1}}};
    one_.inputs = {{"x", "FP32", {-1, 2}}};
  }
  ~PredictInputTest() override { std::remove(path_.c_str()); }

  static std::string Sentence(const std::vector<std::string>& flags) {
    return std::string(ReadInputs(flags).status().message());
  }

  std::string path_;
  ModelMetadata pair_;
  ModelMetadata one_;
};

TEST_F(PredictInputTest, AnArrayNeedsNoNameWhereThereIsOneInput) {
  const auto input = ReadInputs({"@" + path_});
  ASSERT_TRUE(input.ok()) << input.status();
  const auto tensors = MakeInputs(*input, one_);
  ASSERT_TRUE(tensors.ok()) << tensors.status();
  EXPECT_EQ(tensors->front().name, "x");
  EXPECT_THAT(tensors->front().shape, ElementsAre(1, 2));
  EXPECT_THAT(std::string(MakeInputs(*input, pair_).status().message()),
              HasSubstr("takes 2 inputs"));
}

TEST_F(PredictInputTest, EachInputMayComeFromAnotherPlace) {
  const auto input = ReadInputs({"a=@" + path_, "b=[7, 8, 9]"});
  ASSERT_TRUE(input.ok()) << input.status();
  const auto tensors = MakeInputs(*input, pair_);
  ASSERT_TRUE(tensors.ok()) << tensors.status();
  ASSERT_EQ(tensors->size(), 2U);
  EXPECT_EQ((*tensors)[0].name, "b");
  EXPECT_EQ((*tensors)[0].datatype, "INT64");
  EXPECT_THAT((*tensors)[0].shape, ElementsAre(3));
  EXPECT_EQ((*tensors)[1].name, "a");
  EXPECT_EQ((*tensors)[1].bytes.size(), 8U);
}

TEST_F(PredictInputTest, JsonMayHoldAnEqualsSign) {
  EXPECT_EQ(ReadInputs({R"(["a=b"])"})->json, R"(["a=b"])");
  EXPECT_EQ(ReadInputs({R"({"a": 1})", "b=2"})->json, R"({"a":1,"b":2})");
}

TEST_F(PredictInputTest, SaysWhatIsWrong) {
  EXPECT_THAT(Sentence({"[[1,"}), HasSubstr("--input is not JSON"));
  EXPECT_THAT(Sentence({"a=[1,"}), HasSubstr("--input is not JSON"));
  EXPECT_THAT(Sentence({""}), HasSubstr("--input is not JSON"));
  EXPECT_EQ(Sentence({"x=@/nowhere.npy"}), "the file '/nowhere.npy' cannot be read");
  EXPECT_THAT(Sentence({"[1]", "[2]"}), HasSubstr("each needs its name"));
  EXPECT_THAT(Sentence({"[1]", "b=2"}), HasSubstr("each needs its name"));
}

}  // namespace
}  // namespace flambeau::client
