#include "wire/generate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codec/convert.h"

namespace flambeau {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

MethodFacts Signature() {
  MethodFacts method;
  method.name = "forward";
  ArgumentFact x;
  x.name = "x";
  x.type = "Tensor";
  x.tensor.dtype = DType::kFp32;
  x.tensor.accepted = {DType::kFp32};
  x.tensor.dtype_source = FactSource::kGraph;
  x.tensor.dims = Shape{-1, 3};
  x.tensor.dims_source = FactSource::kGraph;
  ArgumentFact ids;
  ids.name = "ids";
  ids.type = "Tensor";
  ArgumentFact text;
  text.name = "text_input";
  text.type = "str";
  text.kind = ValueKind::kString;
  ArgumentFact flag;
  flag.name = "flag";
  flag.type = "bool";
  flag.kind = ValueKind::kBool;
  method.arguments = {x, ids, text, flag};
  return method;
}

Result<InferRequest> Decode(const std::string& json) {
  const std::string padded = json + std::string(kJsonPadding, '\0');
  return DecodeGenerate(PaddedJson{std::string_view(padded).substr(0, json.size())}, Signature());
}

InferRequest Decoded(const std::string& json) {
  Result<InferRequest> request = Decode(json);
  EXPECT_TRUE(request.ok()) << request.status();
  return request.ok() ? *std::move(request) : InferRequest{};
}

const Value* Find(const InferRequest& request, const std::string& name) {
  for (const NamedValue& input : request.inputs) {
    if (input.name == name) return &input.value;
  }
  return nullptr;
}

TEST(DecodeGenerateTest, InputsComeFromTheBodyAndItsParameters) {
  const InferRequest request = Decoded(
      R"({"text_input": "hi", "x": [1, 2.5, 3], "parameters": {"ids": 7, "flag": true,
          "timeout": 1500, "priority": 2, "temperature": 0.5, "stream": false}, "id": "q",
          "unknown": "skipped"})");
  EXPECT_EQ(request.id, "q");
  EXPECT_EQ(request.timeout_us, 1500);
  EXPECT_EQ(request.priority, 2U);
  ASSERT_EQ(request.inputs.size(), 4U);
  EXPECT_EQ(std::get<std::string>(Find(request, "text_input")->data), "hi");
  EXPECT_TRUE(std::get<bool>(Find(request, "flag")->data));
  const Tensor& x = *Find(request, "x")->tensor();
  EXPECT_EQ(x.dtype(), DType::kFp32);
  EXPECT_THAT(x.shape(), ElementsAre(1, 3));
  EXPECT_THAT(x.As<float>(), ElementsAre(1, 2.5, 3));
  const Tensor& ids = *Find(request, "ids")->tensor();
  EXPECT_EQ(ids.dtype(), DType::kInt64);
  EXPECT_THAT(ids.shape(), ElementsAre(1));
  EXPECT_THAT(ids.As<int64_t>(), ElementsAre(7));
}

TEST(DecodeGenerateTest, AScalarHasTheRankOfItsInput) {
  EXPECT_THAT(Find(Decoded(R"({"x": 1})"), "x")->tensor()->shape(), ElementsAre(1, 1));
  EXPECT_THAT(Find(Decoded(R"({"ids": 1})"), "ids")->tensor()->shape(), ElementsAre(1));
  EXPECT_THAT(Find(Decoded(R"({"ids": [1, 2]})"), "ids")->tensor()->shape(), ElementsAre(2));
  EXPECT_THAT(Find(Decoded(R"({"x": [[1, 2, 3], [4, 5, 6]]})"), "x")->tensor()->shape(),
              ElementsAre(2, 3));
}

TEST(DecodeGenerateTest, TakesTritonsNames) {
  const InferRequest request = Decoded(R"({"INPUT__0": [1, 2, 3], "INPUT__9": 1})");
  ASSERT_EQ(request.inputs.size(), 1U);
  EXPECT_EQ(request.inputs[0].name, "x");
}

TEST(DecodeGenerateTest, RefusesWhatItCannotUse) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"", "empty"},
      {"[]", "object"},
      {"{", "ends early"},
      {R"({"x": 1} rest)", ""},
      {R"({"x": "text"})", "x"},
      {R"({"x": [1, [2]]})", "x"},
      {R"({"text_input": 5})", "text_input"},
      {R"({"flag": 1})", "flag"},
      {R"({"x": 1, "x": 2})", "x"},
      {R"({"x": 1, "parameters": {"x": 2}})", "twice"},
      {R"({"x": 1, "INPUT__0": 2})", "twice"},
      {R"({"unknown": [1]})", "unknown"},
      {R"({"unknown": {"a": 1}})", "unknown"},
      {R"({"parameters": 5})", "parameters"},
      {R"({"parameters": {"timeout": -1}})", "timeout"},
      {R"({"priority": "high"})", "priority"},
      {R"({"id": 5})", "id"},
      {R"({"x": NaN})", "x"},
  };
  for (const auto& [body, says] : rows) {
    const Result<InferRequest> request = Decode(body);
    ASSERT_FALSE(request.ok()) << body;
    EXPECT_EQ(request.status().code(), StatusCode::kInvalidArgument) << body;
    EXPECT_THAT(std::string(Message(request.status())), HasSubstr(says)) << body;
  }
}

Tensor Floats(const Shape& shape, const std::vector<float>& values) {
  Tensor tensor = *Tensor::Allocate(DType::kFp32, shape);
  std::copy(values.begin(), values.end(), reinterpret_cast<float*>(tensor.mutable_data()));
  return tensor;
}

TEST(EncodeGenerateTest, OneElementIsAScalarMoreAreFlat) {
  InferResult result;
  result.model = "m";
  result.version = 3;
  result.id = "q\"";
  result.outputs = {{"one", Floats({1, 1}, {0.5})},
                    {"more", Floats({2, 2}, {1, 2, 3, 4})},
                    {"none", Floats({0, 2}, {})},
                    {"text", BytesScalar("hi")},
                    {"texts", BytesTensor({"a", "b"}, {1, 2})}};
  const Result<std::string> body = EncodeGenerate(result);
  ASSERT_TRUE(body.ok()) << body.status();
  EXPECT_EQ(
      *body,
      R"({"id":"q\"","model_name":"m","model_version":"3","one":0.5,"more":[1.0,2.0,3.0,4.0],)"
      R"("none":[],"text":"hi","texts":["a","b"]})");
  result.id.clear();
  result.outputs = {{"bad", BytesScalar("\xff")}};
  EXPECT_EQ(EncodeGenerate(result).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace flambeau
