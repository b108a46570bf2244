#include "repository/declaration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "spec/config_file.h"

namespace flambeau {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ArgumentFact Argument(const std::string& name) {
  ArgumentFact argument;
  argument.name = name;
  argument.type = "Tensor";
  return argument;
}

// forward(x, y=None), x of FP32 [-1,4] by the graph, one result of FP32 [-1,2].
MethodFacts Method() {
  MethodFacts method;
  method.name = "forward";
  method.arguments = {Argument("x"), Argument("y")};
  TensorFact& x = method.arguments[0].tensor;
  x.dtype = DType::kFp32;
  x.dtype_source = FactSource::kGraph;
  x.accepted = {DType::kFp32};
  x.dims = Shape{-1, 4};
  x.dims_source = FactSource::kGraph;
  method.arguments[1].has_default = true;
  ResultFact result{"output", x};
  result.tensor.dims = Shape{-1, 2};
  method.results = {result};
  return method;
}

Result<Declaration> Declare(const std::string& pbtxt, const MethodFacts& method = Method()) {
  const auto parsed = ParseConfigPbtxt(pbtxt, kConfigPbtxt, {"m", ""});
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return Declaration::Create(parsed->config, method);
}

MethodFacts Shown(const Declaration& declaration) {
  MethodFacts shown = declaration.model_facts();
  declaration.Show(&shown);
  return shown;
}

std::string ErrorOf(const std::string& pbtxt) {
  const auto declaration = Declare(pbtxt);
  EXPECT_EQ(declaration.status().code(), StatusCode::kInvalidArgument);
  return std::string(Message(declaration.status()));
}

using Matches = std::vector<std::optional<size_t>>;

TEST(MatchNamesTest, FollowsTritonsThreeRules) {
  EXPECT_EQ(MatchNames({"y", "x"}, {"x", "y"}), (Matches{1, 0}));
  EXPECT_EQ(MatchNames({"INPUT__1", "a__0"}, {"x", "y"}), (Matches{1, 0}));
  EXPECT_EQ(MatchNames({"first", "second"}, {"x", "y"}), (Matches{0, 1}));  // by order
  EXPECT_EQ(MatchNames({"x", "typo"}, {"x", "y"}), (Matches{0, std::nullopt}));
  EXPECT_EQ(MatchNames({"INPUT__2"}, {"x", "y"}), (Matches{std::nullopt}));
  EXPECT_EQ(MatchNames({"scores"}, {"result.boxes", "result.scores"}), (Matches{1}));
  EXPECT_EQ(MatchNames({"__0", "a__", "a__b"}, {"x", "y", "z"}), (Matches{0, 1, 2}));
}

TEST(DeclarationTest, DeclaredBeatsInferred) {
  const auto declaration = Declare(R"(max_batch_size: 8
      input { name: "INPUT__1" data_type: TYPE_INT64 dims: 3 }
      input { name: "INPUT__0" data_type: TYPE_FP32 dims: -1 }
      output { name: "OUTPUT__0" dims: 2 })");
  ASSERT_TRUE(declaration.ok()) << declaration.status();
  EXPECT_EQ(declaration->max_batch_size(), 8);
  const MethodFacts shown = Shown(*declaration);
  EXPECT_EQ(shown.arguments[0].name, "INPUT__0");
  EXPECT_EQ(shown.arguments[0].tensor.dims, Shape({-1, 4}));  // the graph knows it more exactly
  EXPECT_EQ(shown.arguments[0].tensor.dims_source, FactSource::kDeclared);
  EXPECT_EQ(shown.arguments[1].name, "INPUT__1");
  EXPECT_EQ(shown.arguments[1].tensor.dims, Shape({-1, 3}));
  EXPECT_EQ(shown.arguments[1].tensor.dtype, DType::kInt64);
  EXPECT_EQ(shown.arguments[1].tensor.accepted, std::vector<DType>{DType::kInt64});
  ASSERT_EQ(shown.results.size(), 1u);
  EXPECT_EQ(shown.results[0].name, "OUTPUT__0");
  EXPECT_EQ(shown.results[0].tensor.dims, Shape({-1, 2}));
  EXPECT_EQ(shown.results[0].tensor.dtype, DType::kFp32);
  EXPECT_EQ(declaration->FindInput("INPUT__1"), 1u);
  EXPECT_EQ(declaration->FindInput("x"), 0u);
  EXPECT_EQ(declaration->FindInput("z"), std::nullopt);
  EXPECT_EQ(declaration->OutputName("output"), "OUTPUT__0");
  EXPECT_EQ(declaration->OutputName("nothing"), "nothing");
}

TEST(DeclarationTest, WithoutABatchDimsAreTheWholeShape) {
  const auto declaration = Declare("input { name: 'x' dims: [ 7, 4 ] }");
  ASSERT_TRUE(declaration.ok()) << declaration.status();
  EXPECT_EQ(declaration->max_batch_size(), 0);
  EXPECT_EQ(Shown(*declaration).arguments[0].tensor.dims, Shape({7, 4}));
}

TEST(DeclarationTest, ContradictionsAreOneSentence) {
  EXPECT_THAT(ErrorOf("input { name: 'x' dims: [ -1, 4 ] } input { name: 'z' dims: 1 }"),
              HasSubstr("there is no argument for input 'z'; the model's arguments are 'x', 'y'."));
  EXPECT_THAT(ErrorOf("input { name: 'INPUT__2' dims: 4 }"), HasSubstr("'INPUT__2'"));
  EXPECT_THAT(ErrorOf("input { name: 'a' dims: 1 } input { name: 'b' dims: 1 } "
                      "input { name: 'c' dims: 1 }"),
              HasSubstr("it declares 3 inputs"));
  EXPECT_THAT(ErrorOf("input { name: 'x' dims: [-1, 4] } input { name: 'a__0' dims: 1 }"),
              HasSubstr("two inputs are for argument 'x'"));
  EXPECT_THAT(ErrorOf("input { name: 'y' dims: 1 }"),
              HasSubstr("argument 'x' has no default and is not among the declared inputs"));
  EXPECT_THAT(ErrorOf("max_batch_size: 1 input { name: 'x' dims: [ 4, 4 ] }"),
              HasSubstr("input 'x' has shape [-1,4,4] with the batch, but the model takes [-1,4]"));
  EXPECT_THAT(ErrorOf("max_batch_size: 1 input { name: 'x' dims: 5 }"), HasSubstr("[-1,5]"));
  EXPECT_THAT(ErrorOf("max_batch_size: 1 input { name: 'x' dims: 4 data_type: TYPE_INT64 }"),
              HasSubstr("has datatype INT64, but the model takes FP32"));
  EXPECT_THAT(ErrorOf("max_batch_size: 1 input { name: 'x' dims: 4 optional: true }"),
              HasSubstr("is optional, but the model's argument has no default"));
  EXPECT_THAT(ErrorOf("max_batch_size: 1 output { name: 'OUTPUT__1' dims: 2 }"),
              HasSubstr("there is no result for output 'OUTPUT__1'"));
  EXPECT_THAT(ErrorOf("max_batch_size: 1 output { name: 'o' dims: [ 2, 2 ] }"),
              HasSubstr("output 'o' has shape [-1,2,2], but the model gives [-1,2]"));
  EXPECT_THAT(ErrorOf("max_batch_size: 1 output { name: 'o' dims: 2 data_type: TYPE_FP64 }"),
              HasSubstr("has datatype FP64, but the model gives FP32"));
  EXPECT_THAT(ErrorOf("input { name: 'y__0' dims: [ 1, 4 ] } input { name: 'x' dims: 1 }"),
              HasSubstr("two inputs are for argument 'x'"));
}

TEST(DeclarationTest, ReshapesBothWays) {
  const auto declaration = Declare(R"(max_batch_size: 8
      input { name: "x" dims: [ 2, 2 ] reshape { shape: 4 } }
      output { name: "output" dims: [ 1, 2 ] reshape { shape: 2 } })");
  ASSERT_TRUE(declaration.ok()) << declaration.status();
  EXPECT_EQ(declaration->model_facts().arguments[0].tensor.dims, Shape({-1, 4}));
  EXPECT_EQ(Shown(*declaration).arguments[0].tensor.dims, Shape({-1, 2, 2}));
  const ReshapeRule& rule = *declaration->inputs()[0].reshape;
  EXPECT_EQ(Reshape(rule, {5, 2, 2}), Shape({5, 4}));
  EXPECT_EQ(Reshape(rule, {5, 4}), std::nullopt);
  EXPECT_EQ(Reshape(rule, {5, 2, 3}), std::nullopt);
  const auto named =
      declaration->NameOutputs({{"output", *Tensor::Allocate(DType::kFp32, {5, 2})}});
  ASSERT_TRUE(named.ok()) << named.status();
  EXPECT_EQ((*named)[0].tensor.shape(), Shape({5, 1, 2}));
  const auto other =
      declaration->NameOutputs({{"output", *Tensor::Allocate(DType::kFp32, {5, 3})}});
  EXPECT_EQ(other.status().code(), StatusCode::kInternal);
  EXPECT_EQ(Reshape({{-1, 3, -1}, {-1, 1, 3, -1}}, {2, 3, 7}), Shape({2, 1, 3, 7}));
}

TEST(DeclarationTest, OutputsComeInTheDeclaredOrderAndOnlyThose) {
  MethodFacts method = Method();
  method.results.clear();  // not known before a run
  const auto declaration =
      Declare("output { name: 'OUTPUT__2' dims: 1 } output { name: 'OUTPUT__0' dims: 1 }", method);
  ASSERT_TRUE(declaration.ok()) << declaration.status();
  EXPECT_THAT(Shown(*declaration).results,
              ElementsAre(::testing::Field(&ResultFact::name, "OUTPUT__2"),
                          ::testing::Field(&ResultFact::name, "OUTPUT__0")));
  std::vector<NamedTensor> leaves;
  for (int64_t i = 0; i < 3; ++i) {
    leaves.push_back(
        {"result[" + std::to_string(i) + "]", *Tensor::Allocate(DType::kFp32, {i + 1})});
  }
  const auto named = declaration->NameOutputs(leaves);
  ASSERT_TRUE(named.ok());
  ASSERT_EQ(named->size(), 2u);
  EXPECT_EQ((*named)[0].name, "OUTPUT__2");
  EXPECT_EQ((*named)[0].tensor.shape(), Shape({3}));
  EXPECT_EQ((*named)[1].tensor.shape(), Shape({1}));
  leaves.pop_back();
  EXPECT_EQ(declaration->NameOutputs(leaves).status().code(), StatusCode::kInternal);
}

}  // namespace
}  // namespace flambeau
