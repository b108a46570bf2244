#include "wire/raw_binary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace flambeau {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

MethodFacts OneTensor(const Shape& dims, DType dtype = DType::kFp32) {
  ArgumentFact argument;
  argument.name = "x";
  argument.tensor.dtype = dtype;
  argument.tensor.dims = dims;
  argument.tensor.dtype_source = argument.tensor.dims_source = FactSource::kGraph;
  MethodFacts method;
  method.arguments = {argument};
  return method;
}

Shape Decoded(const MethodFacts& method, size_t bytes) {
  const std::string body(bytes, '\0');
  const auto request = DecodeRawBinary(body, nullptr, method);
  EXPECT_TRUE(request.ok()) << request.status();
  if (!request.ok()) return {-1};
  EXPECT_EQ(request->inputs.at(0).name, "x");
  EXPECT_EQ(request->binary_output, true);
  return request->inputs[0].value.tensor()->shape();
}

std::string Refusal(const MethodFacts& method, size_t bytes) {
  const std::string body(bytes, '\0');
  const auto request = DecodeRawBinary(body, nullptr, method);
  if (request.ok()) return "accepted";
  EXPECT_EQ(request.status().code(), StatusCode::kInvalidArgument);
  return std::string(Message(request.status()));
}

TEST(DecodeRawBinary, TheUnknownDimensionFollowsFromTheBytes) {
  EXPECT_THAT(Decoded(OneTensor({-1, 10}), 40), ElementsAre(1, 10));
  EXPECT_THAT(Decoded(OneTensor({-1, 10}), 80), ElementsAre(2, 10));
  EXPECT_THAT(Decoded(OneTensor({-1, -1}), 12), ElementsAre(1, 3));
  EXPECT_THAT(Decoded(OneTensor({-1, 2, -1}, DType::kInt64), 48), ElementsAre(1, 2, 3));
  EXPECT_THAT(Decoded(OneTensor({2, 2}, DType::kUint8), 4), ElementsAre(2, 2));
}

TEST(DecodeRawBinary, RefusesOtherSizes) {
  EXPECT_THAT(Refusal(OneTensor({-1, 10}), 39), HasSubstr("39 bytes"));
  EXPECT_THAT(Refusal(OneTensor({-1, 10}), 0), HasSubstr("0 bytes"));
  EXPECT_THAT(Refusal(OneTensor({2, 10}), 40), HasSubstr("need 80"));
  EXPECT_THAT(Refusal(OneTensor({-1, 0}), 40), HasSubstr("40 bytes"));
}

TEST(DecodeRawBinary, RefusesWhatIsNotKnown) {
  EXPECT_THAT(Refusal(OneTensor({-1, -1, -1}), 12), HasSubstr("at most one unknown dimension"));
  MethodFacts method = OneTensor({-1, 10});
  method.arguments[0].tensor.dims_source = FactSource::kObserved;
  EXPECT_THAT(Refusal(method, 40), HasSubstr("shape is known"));
  method = OneTensor({-1, 10});
  method.arguments[0].tensor.dtype_source = FactSource::kObserved;
  EXPECT_THAT(Refusal(method, 40), HasSubstr("datatype is known"));
  method = OneTensor({-1, 10});
  method.arguments.push_back(method.arguments[0]);
  EXPECT_THAT(Refusal(method, 40), HasSubstr("one input"));
  method.arguments[1].has_default = true;
  EXPECT_THAT(Decoded(method, 40), ElementsAre(1, 10));
  EXPECT_THAT(Refusal(MethodFacts{}, 40), HasSubstr("one input"));
}

TEST(DecodeRawBinary, AStringIsTheBody) {
  MethodFacts method = OneTensor({});
  method.arguments[0].kind = ValueKind::kString;
  const auto request = DecodeRawBinary("abc", nullptr, method);
  ASSERT_TRUE(request.ok()) << request.status();
  const Tensor& tensor = *request->inputs[0].value.tensor();
  EXPECT_THAT(tensor.shape(), ElementsAre(1));
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(tensor.data()), tensor.bytes()),
            std::string("\3\0\0\0abc", 7));
}

}  // namespace
}  // namespace flambeau
