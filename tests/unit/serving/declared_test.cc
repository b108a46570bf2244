// What a model's configuration declares, from the request to the answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "backend/fake/fake_backend.h"
#include "repository/declaration.h"
#include "serving/binding.h"
#include "serving/output_selection.h"
#include "spec/config_file.h"

namespace flambeau {
namespace {

using ::testing::HasSubstr;

Tensor Make(const Shape& shape, DType dtype = DType::kFp32) {
  Tensor tensor = *Tensor::Allocate(dtype, shape);
  std::fill_n(tensor.mutable_data(), tensor.bytes(), std::byte{0});
  return tensor;
}

class DeclaredTest : public ::testing::Test {
 protected:
  void Declare(const std::string& pbtxt, int64_t columns = 4) {
    const auto parsed = ParseConfigPbtxt(pbtxt, kConfigPbtxt, {"m", ""});
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    auto declaration = Declaration::Create(parsed->config, FakeFacts(columns).methods[0]);
    ASSERT_TRUE(declaration.ok()) << declaration.status();
    declaration_ = *std::move(declaration);
    shown_ = declaration_.model_facts();
    declaration_.Show(&shown_);
  }
  Result<std::vector<Value>> Bind(const std::string& name, Tensor tensor) {
    std::vector<NamedValue> inputs;
    inputs.push_back({name, Value{std::move(tensor)}});
    return BindArguments(shown_, std::move(inputs), &declaration_);
  }
  std::string ErrorOf(const std::string& name, Tensor tensor) {
    const auto bound = Bind(name, std::move(tensor));
    EXPECT_EQ(bound.status().code(), StatusCode::kInvalidArgument);
    return std::string(Message(bound.status()));
  }

  Declaration declaration_;
  MethodFacts shown_;
};

TEST_F(DeclaredTest, BothNamesAreTaken) {
  Declare("max_batch_size: 4 input { name: 'PIXELS' data_type: TYPE_FP32 dims: 4 }");
  for (const char* name : {"PIXELS", "x", "INPUT__0", ""}) {
    EXPECT_TRUE(Bind(name, Make({2, 4})).ok()) << name;
  }
  EXPECT_THAT(ErrorOf("y", Make({2, 4})), HasSubstr("the model's input is 'PIXELS'"));
}

TEST_F(DeclaredTest, MoreRowsThanMaxBatchSizeAreRefused) {
  Declare("max_batch_size: 4 input { name: 'x' dims: 4 }");
  EXPECT_TRUE(Bind("x", Make({4, 4})).ok());
  EXPECT_THAT(ErrorOf("x", Make({5, 4})),
              HasSubstr("a batch of 5 rows; the model's max_batch_size is 4"));
  Declare("max_batch_size: 4");  // nothing else declared
  EXPECT_THAT(ErrorOf("x", Make({5, 4})), HasSubstr("max_batch_size is 4"));
}

TEST_F(DeclaredTest, WithoutABatchTheFirstDimensionIsHeldToo) {
  Declare("input { name: 'x' dims: [ 3, 4 ] }");
  EXPECT_TRUE(Bind("x", Make({3, 4})).ok());
  EXPECT_THAT(ErrorOf("x", Make({2, 4})), HasSubstr("the model expects [3,4]"));
}

TEST_F(DeclaredTest, TheDatatypeIsHeld) {
  Declare("max_batch_size: 4 input { name: 'x' data_type: TYPE_FP16 dims: 4 }");
  EXPECT_TRUE(Bind("x", Make({1, 4}, DType::kFp16)).ok());
  EXPECT_THAT(ErrorOf("x", Make({1, 4})), HasSubstr("the model expects FP16"));
}

TEST_F(DeclaredTest, TheModelGetsTheReshape) {
  Declare("max_batch_size: 4 input { name: 'x' dims: [ 2, 2 ] reshape { shape: 4 } }");
  const auto bound = Bind("x", Make({3, 2, 2}));
  ASSERT_TRUE(bound.ok()) << bound.status();
  EXPECT_EQ((*bound)[0].tensor()->shape(), Shape({3, 4}));
  EXPECT_THAT(ErrorOf("x", Make({3, 4})), HasSubstr("the model expects [-1,2,2]"));
}

TEST_F(DeclaredTest, OutputsAnswerToBothNames) {
  Declare("output { name: 'SCORES' dims: 4 }");
  const std::vector<NamedTensor> named = *declaration_.NameOutputs({{"output", Make({4})}});
  ASSERT_EQ(named[0].name, "SCORES");
  EXPECT_TRUE(CheckRequestedOutputs(shown_.results, {{"SCORES"}}, &declaration_).ok());
  EXPECT_TRUE(CheckRequestedOutputs(shown_.results, {{"OUTPUT__0"}}, &declaration_).ok());
  const auto missing = CheckRequestedOutputs(shown_.results, {{"other"}}, &declaration_);
  EXPECT_THAT(std::string(Message(missing)), HasSubstr("the model gives 'SCORES'"));
  const auto selected = SelectOutputs(named, {{"OUTPUT__0"}}, &declaration_);
  ASSERT_TRUE(selected.ok());
  EXPECT_EQ((*selected)[0].name, "OUTPUT__0");
}

}  // namespace
}  // namespace flambeau
