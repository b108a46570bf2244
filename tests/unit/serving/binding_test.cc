#include "serving/binding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace flambeau {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

template <typename T>
Value TensorOf(DType dtype, const Shape& shape, const std::vector<T>& elements) {
  Tensor tensor = *Tensor::AllocateBytes(dtype, shape, elements.size() * sizeof(T));
  if (!elements.empty()) {
    std::memcpy(tensor.mutable_data(), elements.data(), elements.size() * sizeof(T));
  }
  return Value{tensor};
}

Value Zeros(DType dtype, const Shape& shape) {
  Tensor tensor = *Tensor::Allocate(dtype, shape);
  if (tensor.bytes() > 0) std::memset(tensor.mutable_data(), 0, tensor.bytes());
  return Value{tensor};
}

ArgumentFact Argument(const std::string& name, ValueKind kind = ValueKind::kTensor) {
  ArgumentFact argument;
  argument.name = name;
  argument.kind = kind;
  argument.type = std::string(Name(kind));
  return argument;
}

MethodFacts Method(std::vector<ArgumentFact> arguments) {
  MethodFacts method;
  method.name = "forward";
  method.arguments = std::move(arguments);
  return method;
}

// x: FP32 [-1, 10] from the graph.
MethodFacts Linear() {
  ArgumentFact x = Argument("x");
  x.tensor.dtype = DType::kFp32;
  x.tensor.dtype_source = FactSource::kGraph;
  x.tensor.accepted = {DType::kFp32};
  x.tensor.dims = Shape{-1, 10};
  x.tensor.dims_source = FactSource::kGraph;
  return Method({x});
}

Result<std::vector<Value>> Bind(const MethodFacts& method, std::vector<NamedValue> inputs) {
  return BindArguments(method, std::move(inputs));
}

std::string Refusal(const MethodFacts& method, std::vector<NamedValue> inputs) {
  const auto bound = BindArguments(method, std::move(inputs));
  EXPECT_EQ(bound.status().code(), StatusCode::kInvalidArgument);
  return std::string(Message(bound.status()));
}

TEST(BindingTest, NamesBecomePositions) {
  const MethodFacts method = Method({Argument("a"), Argument("b")});
  const auto bound =
      Bind(method, {{"b", Zeros(DType::kFp32, {2})}, {"a", Zeros(DType::kInt64, {1})}});
  ASSERT_TRUE(bound.ok()) << bound.status();
  EXPECT_EQ((*bound)[0].tensor()->dtype(), DType::kInt64);
  EXPECT_EQ((*bound)[1].tensor()->dtype(), DType::kFp32);
}

TEST(BindingTest, TritonsAliasesArePositionsAndRealNamesWin) {
  const MethodFacts method = Method({Argument("a"), Argument("INPUT__0")});
  const auto bound =
      Bind(method, {{"INPUT__1", Zeros(DType::kFp32, {2})}, {"a", Zeros(DType::kInt64, {1})}});
  ASSERT_TRUE(bound.ok()) << bound.status();
  EXPECT_EQ((*bound)[1].tensor()->dtype(), DType::kFp32);
  const auto named =
      Bind(method, {{"INPUT__0", Zeros(DType::kFp32, {2})}, {"a", Zeros(DType::kInt64, {1})}});
  ASSERT_TRUE(named.ok()) << named.status();
  EXPECT_EQ((*named)[1].tensor()->dtype(), DType::kFp32);
  for (const char* name : {"INPUT__2", "INPUT__", "INPUT__-1", "INPUT__0x", "INPUT__01x",
                           "INPUT__99999999999999999999999"}) {
    EXPECT_THAT(Refusal(method, {{name, Zeros(DType::kFp32, {2})}}), HasSubstr(name));
  }
}

TEST(BindingTest, AnEmptyNameIsTheOnlyTensor) {
  ArgumentFact flag = Argument("flag", ValueKind::kBool);
  flag.has_default = true;
  const auto bound = Bind(Method({flag, Argument("x")}), {{"", Zeros(DType::kFp32, {2})}});
  ASSERT_TRUE(bound.ok()) << bound.status();
  EXPECT_TRUE((*bound)[0].is_none());
  EXPECT_NE((*bound)[1].tensor(), nullptr);
  EXPECT_THAT(Refusal(Method({Argument("x"), Argument("y")}), {{"", Zeros(DType::kFp32, {2})}}),
              HasSubstr("'x' and 'y'"));
}

TEST(BindingTest, AParameterIsTheScalarArgumentOfItsName) {
  ArgumentFact scale = Argument("scale", ValueKind::kFloat);
  ArgumentFact count = Argument("count", ValueKind::kInt);
  count.optional = true;
  const MethodFacts method = Method({Argument("x"), scale, count});
  const auto bind = [&](std::vector<NamedValue> parameters, std::vector<NamedValue> more = {}) {
    more.push_back({"x", Zeros(DType::kFp32, {1})});
    return BindArguments(method, std::move(more), nullptr, std::move(parameters));
  };
  const auto bound = bind({{"scale", Value{int64_t{2}}}, {"x", Value{true}}, {"mine", Value{}}});
  ASSERT_TRUE(bound.ok()) << bound.status();
  EXPECT_EQ(std::get<double>((*bound)[1].data), 2.0);
  EXPECT_TRUE((*bound)[2].is_none());
  const auto beaten = bind({{"scale", Value{1.5}}}, {{"INPUT__1", Value{2.5}}});
  ASSERT_TRUE(beaten.ok()) << beaten.status();
  EXPECT_EQ(std::get<double>((*beaten)[1].data), 2.5);
  EXPECT_EQ(Message(bind({{"scale", Value{1.5}}, {"count", Value{2.0}}}).status()),
            "Parameter 'count' is an argument of the model and must be a whole number.");
  EXPECT_THAT(std::string(Message(bind({{"INPUT__1", Value{1.5}}}).status())),
              HasSubstr("Input 'scale' is missing"));
}

TEST(BindingTest, MissingUnknownAndDoubledNamesListTheModels) {
  const MethodFacts method = Method({Argument("x"), Argument("y")});
  const Value value = Zeros(DType::kFp32, {1});
  EXPECT_THAT(Refusal(method, {{"x", value}}),
              AllOf(HasSubstr("'y' is missing"), HasSubstr("'x' and 'y'")));
  EXPECT_THAT(Refusal(method, {{"x", value}, {"z", value}}),
              AllOf(HasSubstr("no input 'z'"), HasSubstr("'x' and 'y'")));
  EXPECT_THAT(Refusal(method, {{"x", value}, {"INPUT__0", value}}),
              HasSubstr("'x' is given twice"));
  EXPECT_THAT(Refusal(Method({}), {{"x", value}}), HasSubstr("takes none"));
}

TEST(BindingTest, ACertainDatatypeIsHeld) {
  EXPECT_TRUE(Bind(Linear(), {{"x", Zeros(DType::kFp32, {3, 10})}}).ok());
  EXPECT_THAT(Refusal(Linear(), {{"x", Zeros(DType::kFp64, {3, 10})}}),
              AllOf(HasSubstr("'x' has datatype FP64"), HasSubstr("expects FP32")));
  MethodFacts ids = Linear();
  ids.arguments[0].tensor.accepted = {DType::kInt64, DType::kInt32};
  EXPECT_TRUE(Bind(ids, {{"x", Zeros(DType::kInt32, {3, 10})}}).ok());
  EXPECT_THAT(Refusal(ids, {{"x", Zeros(DType::kFp32, {3, 10})}}), HasSubstr("INT64 or INT32"));
  MethodFacts cast_on_entry = Linear();
  cast_on_entry.arguments[0].tensor.accepted.clear();
  EXPECT_TRUE(Bind(cast_on_entry, {{"x", Zeros(DType::kUint8, {3, 10})}}).ok());
}

TEST(BindingTest, ACertainShapeIsHeldButForTheBatch) {
  MethodFacts linear = Linear();
  linear.arguments[0].tensor.dims = Shape{1, 10};
  EXPECT_TRUE(Bind(linear, {{"x", Zeros(DType::kFp32, {7, 10})}}).ok());
  EXPECT_TRUE(Bind(linear, {{"x", Zeros(DType::kFp32, {0, 10})}}).ok());
  for (const Shape& shape : {Shape{7, 11}, Shape{10}, Shape{1, 7, 10}, Shape{}}) {
    EXPECT_THAT(Refusal(linear, {{"x", Zeros(DType::kFp32, shape)}}),
                HasSubstr("has shape " + ToString(shape)));
  }
}

TEST(BindingTest, WhereAnyRankServesOnlyTheLastDimensionIsHeld) {
  MethodFacts linear = Linear();
  linear.arguments[0].tensor.any_rank = true;
  for (const Shape& shape : {Shape{10}, Shape{2, 10}, Shape{2, 3, 10}}) {
    EXPECT_TRUE(Bind(linear, {{"x", Zeros(DType::kFp32, shape)}}).ok()) << ToString(shape);
  }
  for (const Shape& shape : {Shape{}, Shape{2, 11}, Shape{10, 2}}) {
    EXPECT_THAT(Refusal(linear, {{"x", Zeros(DType::kFp32, shape)}}),
                HasSubstr("a last dimension of 10"));
  }
}

TEST(BindingTest, ObservedFactsRefuseNothing) {
  MethodFacts method = Linear();
  method.arguments[0].tensor.dtype_source = FactSource::kObserved;
  method.arguments[0].tensor.dims_source = FactSource::kObserved;
  EXPECT_TRUE(Bind(method, {{"x", Zeros(DType::kInt8, {4})}}).ok());
}

TEST(BindingTest, IndicesStayInsideTheTable) {
  MethodFacts method = Method({Argument("ids")});
  method.arguments[0].tensor.index_limit = 100;
  EXPECT_TRUE(Bind(method, {{"ids", TensorOf<int64_t>(DType::kInt64, {2}, {0, 99})}}).ok());
  EXPECT_THAT(Refusal(method, {{"ids", TensorOf<int64_t>(DType::kInt64, {2}, {0, 100})}}),
              AllOf(HasSubstr("100 at element 1"), HasSubstr("0 to 99")));
  EXPECT_THAT(Refusal(method, {{"ids", TensorOf<int32_t>(DType::kInt32, {1}, {-1})}}),
              HasSubstr("-1 at element 0"));
}

TEST(BindingTest, OneElementServesAsAScalar) {
  const MethodFacts method =
      Method({Argument("b", ValueKind::kBool), Argument("i", ValueKind::kInt),
              Argument("f", ValueKind::kFloat), Argument("s", ValueKind::kString)});
  const auto bound = Bind(method, {{"b", TensorOf<uint8_t>(DType::kBool, {1}, {1})},
                                   {"i", TensorOf<int16_t>(DType::kInt16, {}, {-7})},
                                   {"f", TensorOf<float>(DType::kFp32, {1}, {0.5f})},
                                   {"s", Value{BytesScalar("text")}}});
  ASSERT_TRUE(bound.ok()) << bound.status();
  EXPECT_EQ(std::get<bool>((*bound)[0].data), true);
  EXPECT_EQ(std::get<int64_t>((*bound)[1].data), -7);
  EXPECT_EQ(std::get<double>((*bound)[2].data), 0.5);
  EXPECT_EQ(std::get<std::string>((*bound)[3].data), "text");
}

TEST(BindingTest, ScalarsPassAndIntegersServeAsFloats) {
  const MethodFacts method = Method({Argument("f", ValueKind::kFloat)});
  const auto bound = Bind(method, {{"f", Value{int64_t{3}}}});
  ASSERT_TRUE(bound.ok()) << bound.status();
  EXPECT_EQ(std::get<double>((*bound)[0].data), 3.0);
}

TEST(BindingTest, WhatIsNoSuchScalarIsRefused) {
  const MethodFacts flag = Method({Argument("b", ValueKind::kBool)});
  const MethodFacts number = Method({Argument("i", ValueKind::kInt)});
  EXPECT_THAT(Refusal(flag, {{"b", TensorOf<uint8_t>(DType::kBool, {2}, {1, 0})}}),
              HasSubstr("BOOL"));
  EXPECT_THAT(Refusal(flag, {{"b", TensorOf<uint8_t>(DType::kBool, {1, 1}, {1})}}),
              HasSubstr("[1]"));
  EXPECT_THAT(Refusal(flag, {{"b", TensorOf<uint8_t>(DType::kBool, {0}, {})}}), HasSubstr("BOOL"));
  EXPECT_THAT(Refusal(flag, {{"b", Value{int64_t{1}}}}), HasSubstr("bool"));
  EXPECT_THAT(Refusal(number, {{"i", TensorOf<float>(DType::kFp32, {1}, {1.5f})}}),
              HasSubstr("INT64"));
  EXPECT_THAT(
      Refusal(number, {{"i", TensorOf<uint64_t>(DType::kUint64, {1}, {uint64_t{1} << 63})}}),
      HasSubstr("INT64"));
  EXPECT_THAT(Refusal(number, {{"i", Value{None{}}}}), HasSubstr("null"));
  EXPECT_THAT(Refusal(Method({Argument("s", ValueKind::kString)}),
                      {{"s", TensorOf<uint32_t>(DType::kBytes, {1}, {9})}}),
              HasSubstr("BYTES"));
  EXPECT_THAT(
      Refusal(Method({Argument("s", ValueKind::kString)}), {{"s", Value{BytesScalar("\xff")}}}),
      HasSubstr("UTF-8"));
}

TEST(BindingTest, OptionalAndDefaultedArgumentsMayBeAbsent) {
  ArgumentFact mask = Argument("mask");
  mask.optional = true;
  ArgumentFact scale = Argument("scale", ValueKind::kFloat);
  scale.has_default = true;
  const MethodFacts method = Method({Argument("x"), mask, scale});
  const auto bound = Bind(method, {{"x", Zeros(DType::kFp32, {1})}, {"mask", Value{None{}}}});
  ASSERT_TRUE(bound.ok()) << bound.status();
  EXPECT_TRUE((*bound)[1].is_none());
  EXPECT_TRUE((*bound)[2].is_none());
}

TEST(BindingTest, ATypeThatCannotBeSentSaysSo) {
  ArgumentFact list = Argument("xs", ValueKind::kOther);
  list.type = "Dict[int, Tensor]";
  const auto bound = Bind(Method({list}), {{"xs", Zeros(DType::kFp32, {1})}});
  EXPECT_EQ(bound.status().code(), StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(Message(bound.status())), HasSubstr("Dict[int, Tensor]"));
}

TEST(BindingTest, BatchSizesMustAgreeOnlyWhereDeclared) {
  MethodFacts method = Method({Argument("a"), Argument("b")});
  const std::vector<NamedValue> inputs = {{"a", Zeros(DType::kFp32, {2, 4})},
                                          {"b", Zeros(DType::kFp32, {1, 4})}};
  EXPECT_TRUE(Bind(method, inputs).ok());
  for (ArgumentFact& argument : method.arguments) {
    argument.tensor.dims = Shape{-1, 4};
    argument.tensor.dims_source = FactSource::kDeclared;
  }
  EXPECT_THAT(Refusal(method, inputs), HasSubstr("batch sizes 2 and 1"));
}

}  // namespace
}  // namespace flambeau
