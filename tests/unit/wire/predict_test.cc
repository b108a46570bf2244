#include "wire/predict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "codec/convert.h"

namespace flambeau {
namespace {

using testing::ElementsAre;

ArgumentFact TensorArgument(const std::string& name, std::optional<DType> dtype = std::nullopt,
                            FactSource source = FactSource::kGraph) {
  ArgumentFact argument;
  argument.name = name;
  argument.type = "Tensor";
  argument.tensor.dtype = dtype;
  if (!dtype) return argument;
  argument.tensor.dtype_source = source;
  argument.tensor.accepted = {*dtype};
  return argument;
}

ArgumentFact ScalarArgument(const std::string& name, ValueKind kind, const std::string& type) {
  ArgumentFact argument;
  argument.name = name;
  argument.type = type;
  argument.kind = kind;
  return argument;
}

MethodFacts Takes(std::vector<ArgumentFact> arguments) {
  MethodFacts method;
  method.name = "forward";
  method.arguments = std::move(arguments);
  return method;
}

std::string Refusal(const std::string& body, const MethodFacts& signature) {
  const auto request = DecodePredict({body}, signature);
  if (request.ok()) return "accepted";
  EXPECT_EQ(request.status().code(), StatusCode::kInvalidArgument);
  return std::string(Message(request.status()));
}

// The tensor that `body` gives for a model of one argument; rank 0 BYTES "refused" if refused.
Tensor Lone(const std::string& body, const ArgumentFact& argument) {
  const auto request = DecodePredict({body}, Takes({argument}));
  EXPECT_TRUE(request.ok()) << request.status();
  if (!request.ok() || request->inputs.size() != 1) return BytesScalar("refused");
  EXPECT_EQ(request->inputs[0].name, argument.name);
  return *request->inputs[0].value.tensor();
}

TEST(DecodePredict, TypesAsTorchWhereNothingIsKnown) {
  const Tensor integers = Lone(R"({"input": [[1, 2]]})", TensorArgument("x"));
  EXPECT_EQ(integers.dtype(), DType::kInt64);
  EXPECT_THAT(integers.shape(), ElementsAre(1, 2));
  EXPECT_EQ(Lone(R"({"input": [1, 2.5]})", TensorArgument("x")).dtype(), DType::kFp32);
  EXPECT_EQ(Lone(R"({"input": [true]})", TensorArgument("x")).dtype(), DType::kBool);
  const Tensor scalar = Lone(R"({"input": 3})", TensorArgument("x"));
  EXPECT_EQ(scalar.shape().size(), 0U);
}

TEST(DecodePredict, ConvertsNumbersToTheSignaturesDatatype) {
  const Tensor floats = Lone(R"({"input": [1, 2]})", TensorArgument("x", DType::kFp32));
  EXPECT_EQ(floats.dtype(), DType::kFp32);
  EXPECT_THAT(floats.As<float>(), ElementsAre(1, 2));
  const Tensor exact = Lone(R"({"input": [0.1]})", TensorArgument("x", DType::kFp64));
  EXPECT_THAT(exact.As<double>(), ElementsAre(0.1));
  EXPECT_EQ(Lone(R"({"input": [1]})", TensorArgument("x", DType::kInt32)).dtype(), DType::kInt32);
  EXPECT_EQ(Lone(R"({"input": [1.5]})", TensorArgument("x", DType::kFp16)).dtype(), DType::kFp16);
}

TEST(DecodePredict, FractionsForAnIntegerArgumentAreRefused) {
  EXPECT_EQ(Refusal(R"({"input": [[1, 1.5]]})", Takes({TensorArgument("ids", DType::kInt64)})),
            "input[0][1] is 1.5 but datatype INT64 takes whole numbers: send it without a fraction "
            "or exponent");
}

TEST(DecodePredict, AnObservedDatatypeChangesNothing) {
  const auto observed = TensorArgument("x", DType::kInt64, FactSource::kObserved);
  EXPECT_EQ(Lone(R"({"input": [1]})", observed).dtype(), DType::kInt64);
  EXPECT_EQ(Lone(R"({"input": [1.5]})", observed).dtype(), DType::kFp32);
  const auto observed_float = TensorArgument("x", DType::kFp32, FactSource::kObserved);
  EXPECT_EQ(Lone(R"({"input": [9007199254740993]})", observed_float).dtype(), DType::kInt64);
  EXPECT_EQ(Lone(R"({"input": [true]})", observed_float).dtype(), DType::kBool);
}

TEST(DecodePredict, OtherAcceptedDatatypesAreTaken) {
  auto any = TensorArgument("x", DType::kFp32);
  any.tensor.accepted = {};
  EXPECT_EQ(Lone(R"({"input": [true]})", any).dtype(), DType::kBool);
  auto two = TensorArgument("x", DType::kFp32);
  two.tensor.accepted = {DType::kFp32, DType::kBool};
  EXPECT_EQ(Lone(R"({"input": [true]})", two).dtype(), DType::kBool);
  EXPECT_EQ(Refusal(R"({"input": [true]})", Takes({TensorArgument("x", DType::kFp32)})),
            "input[0] is a boolean but datatype FP32 takes numbers");
}

TEST(DecodePredict, RaggedRowsAreRefused) {
  EXPECT_EQ(Refusal(R"({"input": [[1,2,3,4],[1,2,3]]})", Takes({TensorArgument("x")})),
            "input[1] has 3 values but input[0] has 4: rows must have one length");
}

TEST(DecodePredict, ScalarArgumentsTakeJsonScalars) {
  const MethodFacts signature =
      Takes({TensorArgument("x", DType::kFp32), ScalarArgument("flag", ValueKind::kBool, "bool"),
             ScalarArgument("count", ValueKind::kInt, "int"),
             ScalarArgument("scale", ValueKind::kFloat, "float"),
             ScalarArgument("mode", ValueKind::kString, "str")});
  const auto request = DecodePredict(
      {R"({"inputs": {"scale": 2, "mode": "a\nb", "x": [1], "flag": true, "count": -3}})"},
      signature);
  ASSERT_TRUE(request.ok()) << request.status();
  ASSERT_EQ(request->inputs.size(), 5U);
  EXPECT_EQ(request->inputs[0].name, "scale");
  EXPECT_EQ(std::get<double>(request->inputs[0].value.data), 2.0);
  EXPECT_EQ(std::get<std::string>(request->inputs[1].value.data), "a\nb");
  EXPECT_EQ(request->inputs[2].value.tensor()->dtype(), DType::kFp32);
  EXPECT_EQ(std::get<bool>(request->inputs[3].value.data), true);
  EXPECT_EQ(std::get<int64_t>(request->inputs[4].value.data), -3);
  EXPECT_EQ(Refusal(R"({"inputs": {"flag": 1}})", signature), "inputs.flag must be true or false");
  EXPECT_EQ(Refusal(R"({"inputs": {"count": 1.5}})", signature),
            "inputs.count must be a whole number, without fraction or exponent");
  EXPECT_EQ(Refusal(R"({"inputs": {"scale": "1"}})", signature), "inputs.scale must be a number");
  EXPECT_EQ(Refusal(R"({"inputs": {"mode": [1]}})", signature), "inputs.mode must be a string");
}

TEST(DecodePredict, NullIsForOptionalArguments) {
  auto optional = TensorArgument("mask");
  optional.type = "Optional[Tensor]";
  optional.optional = true;
  const auto request = DecodePredict({R"({"inputs": {"x": [1], "mask": null}})"},
                                     Takes({TensorArgument("x"), optional}));
  ASSERT_TRUE(request.ok());
  EXPECT_TRUE(request->inputs[1].value.is_none());
  EXPECT_EQ(Refusal(R"({"input": null})", Takes({TensorArgument("x")})),
            "input is null but its type is Tensor: send a value");
  auto defaulted = ScalarArgument("k", ValueKind::kInt, "int");
  defaulted.has_default = true;
  EXPECT_EQ(Refusal(R"({"inputs": {"k": null}})", Takes({defaulted})),
            "inputs.k is null but its type is int: leave it out to get its default");
}

TEST(DecodePredict, InputMeansTheOneArgumentThatIsRequired) {
  auto optional = TensorArgument("mask");
  optional.optional = true;
  auto flag = ScalarArgument("flag", ValueKind::kBool, "bool");
  flag.has_default = true;
  const auto request =
      DecodePredict({R"({"input": [1]})"}, Takes({flag, TensorArgument("x"), optional}));
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->inputs[0].name, "x");
  EXPECT_EQ(Refusal(R"({"input": [1]})", Takes({TensorArgument("a"), TensorArgument("b")})),
            R"(the model takes 2 arguments (a, b): send "inputs" with an object of them by name)");
  EXPECT_EQ(Refusal(R"({"input": [1]})", Takes({})),
            R"(the model takes no input: send {"inputs": {}})");
  EXPECT_TRUE(DecodePredict({R"({"inputs": {}})"}, Takes({})).ok());
}

TEST(DecodePredict, AListOfScalarsIsATensor) {
  ArgumentFact texts = ScalarArgument("xs", ValueKind::kList, "List[str]");
  texts.elements = {ScalarArgument("", ValueKind::kString, "str")};
  const auto request = DecodePredict({R"({"input": ["a", "b"]})"}, Takes({texts}));
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->inputs[0].value.tensor()->dtype(), DType::kBytes);
  EXPECT_EQ(request->inputs[0].value.tensor()->shape(), Shape{2});
  EXPECT_THAT(
      Refusal(R"({"input": [[1]]})", Takes({ScalarArgument("x", ValueKind::kOther, "Any")})),
      testing::StartsWith("input has the type Any, which is not supported: "));
}

TEST(DecodePredict, OtherListsDictsAndTuplesAreTrees) {
  ArgumentFact list = ScalarArgument("xs", ValueKind::kList, "List[Tensor]");
  list.elements = {TensorArgument("")};
  ArgumentFact dict = ScalarArgument("by_name", ValueKind::kDict, "Dict[str, List[Tensor]]");
  dict.elements = {list};
  ArgumentFact pair = ScalarArgument("pair", ValueKind::kTuple, "Pair");
  pair.elements = {TensorArgument("left"), ScalarArgument("size", ValueKind::kInt, "int")};
  const MethodFacts signature = Takes({dict, pair});
  const auto request = DecodePredict(
      {R"({"inputs": {"by_name": {"b": [[1], [2, 3]], "a": []}, "pair": {"size": 4, "left": 1.5}}})"},
      signature);
  ASSERT_TRUE(request.ok()) << request.status();
  const auto& entries = std::get<ValueDict>(request->inputs.at(0).value.data).items;
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].key, "b");
  const auto& items = std::get<ValueList>(entries[0].value.data).items;
  ASSERT_EQ(items.size(), 2U);
  EXPECT_THAT(items[1].tensor()->As<int64_t>(), ElementsAre(2, 3));
  const auto& tuple = std::get<ValueTuple>(request->inputs.at(1).value.data);
  EXPECT_THAT(tuple.names, ElementsAre("left", "size"));
  EXPECT_EQ(std::get<int64_t>(tuple.items.at(1).data), 4);
  const auto as_array = DecodePredict({R"({"inputs": {"pair": [1.5, 4]}})"}, signature);
  ASSERT_TRUE(as_array.ok()) << as_array.status();
  EXPECT_EQ(Refusal(R"({"inputs": {"pair": [1.5]}})", signature),
            "inputs.pair must have 2 elements, as its type is Pair");
  EXPECT_EQ(Refusal(R"({"inputs": {"pair": {"size": 4}}})", signature),
            "inputs.pair has no left: send every field of Pair");
  EXPECT_EQ(Refusal(R"({"inputs": {"pair": {"right": 4}}})", signature),
            "inputs.pair.right is no field of Pair");
  EXPECT_EQ(Refusal(R"({"inputs": {"by_name": {"a": [null]}}})", signature),
            "inputs.by_name.a[0] is null but its type is Tensor: send a value");
}

TEST(DecodePredict, TypesAnAliasAndLeavesItsNameToTheBinding) {
  ArgumentFact x = TensorArgument("x");
  x.tensor.dtype = DType::kFp32;
  x.tensor.dtype_source = FactSource::kGraph;
  const auto request = DecodePredict({R"({"inputs": {"INPUT__0": [1], "odd": null}})"}, Takes({x}));
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->inputs[0].name, "INPUT__0");
  EXPECT_EQ(request->inputs[0].value.tensor()->dtype(), DType::kFp32);
  EXPECT_EQ(request->inputs[1].name, "odd");
}

TEST(DecodePredict, IdAndTimeout) {
  const auto request =
      DecodePredict({R"({"parameters": {"timeout": 2500}, "id": "a7", "input": [1]})"},
                    Takes({TensorArgument("x")}));
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->id, "a7");
  EXPECT_EQ(request->timeout_us, 2500);
  const MethodFacts signature = Takes({TensorArgument("x")});
  EXPECT_EQ(Refusal(R"({"input": [1], "parameters": {"timeout": -1}})", signature),
            "parameters.timeout is -1: it must be 0 or more");
  EXPECT_EQ(Refusal(R"({"input": [1], "parameters": {"timeout": "5"}})", signature),
            "parameters.timeout must be a whole number");
  EXPECT_EQ(Refusal(R"({"input": [1], "parameters": {"timeout_ms": 5}})", signature),
            "parameters.timeout_ms is not known: there are timeout, priority and the model's bool, "
            "int, float and str arguments");
  EXPECT_EQ(Refusal(R"({"input": [1], "parameters": []})", signature),
            "parameters must be an object");
  EXPECT_EQ(Refusal(R"({"input": [1], "id": 7})", signature), "id must be a string");
}

TEST(DecodePredict, BadBodiesAreRefused) {
  const MethodFacts signature = Takes({TensorArgument("x")});
  const std::string example = R"(a JSON object such as {"input": [[1.0, 2.0]]})";
  EXPECT_EQ(Refusal("", signature), "the body is empty: send " + example);
  EXPECT_EQ(Refusal(" \n", signature), "the body is empty: send " + example);
  EXPECT_EQ(Refusal("[[1,2]]", signature), "the body must be " + example);
  EXPECT_EQ(Refusal("{}", signature), "the body has no \"input\": send " + example);
  EXPECT_EQ(Refusal(R"({"data": [1]})", signature),
            R"(the key data is not known: send "input", or "inputs" for several arguments)");
  EXPECT_EQ(Refusal(R"({"input": [1], "inputs": {"x": [1]}})", signature),
            R"(the body has both "input" and "inputs": send one)");
  EXPECT_EQ(Refusal(R"({"input": [1], "input": [2]})", signature),
            "the key input occurs twice: send it once");
  EXPECT_EQ(Refusal(R"({"inputs": {"x": [1], "x": [2]}})", signature),
            "the key inputs.x occurs twice: send it once");
  EXPECT_EQ(Refusal(R"({"inputs": [[1]]})", signature),
            R"(inputs must be an object of arguments by name; for a model of one argument send )"
            R"("input")");
  EXPECT_EQ(Refusal(R"({"input": [1]} 2)", signature),
            "the body has text after its JSON value, at byte 15: send one JSON object");
  EXPECT_EQ(Refusal(R"({"input": [NaN]})", signature),
            "input[0] is NaN, which JSON cannot carry: send this tensor as binary data");
  EXPECT_EQ(Refusal(R"({"input": [1e400]})", signature),
            "input[0] is 1e400, out of range for FP32");
  EXPECT_EQ(Refusal(R"({"input": {"a": 1}})", signature),
            "input is an object but datatype FP32 takes numbers");
  for (const std::string& deep :
       {std::string(100000, '['), R"({"input":)" + std::string(100000, '['),
        R"({"inputs":{"x":)" + std::string(100000, '{'), R"({"id":)" + std::string(100000, '[')}) {
    EXPECT_NE(Refusal(deep, signature), "accepted");
  }
}

TEST(DecodePredict, EveryTruncationIsRefused) {
  const std::string whole =
      R"({"inputs": {"x": [[1.5, 2]], "flag": true}, "id": "\u00e9", "parameters": {"timeout": 5}})";
  const MethodFacts signature =
      Takes({TensorArgument("x"), ScalarArgument("flag", ValueKind::kBool, "bool")});
  ASSERT_TRUE(DecodePredict({whole}, signature).ok());
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_NE(Refusal(whole.substr(0, length), signature), "accepted") << length;
  }
}

std::string Encode(Value value, std::string id = "") {
  InferResult result;
  result.value = std::move(value);
  result.id = std::move(id);
  const auto text = EncodePredict(result);
  return text.ok() ? *text : std::string(Message(text.status()));
}

Value Floats(const Shape& shape, const std::vector<float>& elements) {
  Tensor tensor = *Tensor::AllocateBytes(DType::kFp32, shape, elements.size() * sizeof(float));
  std::copy(elements.begin(), elements.end(), reinterpret_cast<float*>(tensor.mutable_data()));
  return Value{tensor};
}

TEST(DecodePredict, AParameterMayBeAScalarArgument) {
  ArgumentFact scale = ScalarArgument("scale", ValueKind::kFloat, "float");
  scale.has_default = true;
  const MethodFacts signature = Takes({TensorArgument("x"), scale});
  const auto request =
      DecodePredict({R"({"parameters": {"scale": 2, "priority": 3}, "input": [1]})"}, signature);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->priority, 3u);
  ASSERT_EQ(request->parameters.size(), 1U);
  EXPECT_EQ(request->parameters[0].name, "scale");
  EXPECT_EQ(std::get<int64_t>(request->parameters[0].value.data), 2);
  EXPECT_EQ(Refusal(R"({"input": [1], "parameters": {"x": 5}})", signature),
            "parameters.x is not known: there are timeout, priority and the model's bool, int, "
            "float and str arguments");
}

TEST(EncodePredict, DeclaredOutputsHaveTheirNamesAndShapes) {
  InferResult result;
  result.value = Floats({2, 1}, {1, 2});
  result.declared_outputs = true;
  result.outputs = {{"sum", *Floats({2}, {1, 2}).tensor()}};
  EXPECT_EQ(*EncodePredict(result), R"({"output":[1.0,2.0]})");
  result.id = "7";
  result.outputs.push_back({"difference", *Floats({}, {3}).tensor()});
  EXPECT_EQ(*EncodePredict(result), R"({"outputs":{"sum":[1.0,2.0],"difference":3.0},"id":"7"})");
}

TEST(EncodePredict, OneResultIsOutput) {
  EXPECT_EQ(Encode(Floats({2, 2}, {1, 2.5, -3, 4})), R"({"output":[[1.0,2.5],[-3.0,4.0]]})");
  EXPECT_EQ(Encode(Floats({}, {1.5})), R"({"output":1.5})");
  EXPECT_EQ(Encode(Value{true}), R"({"output":true})");
  EXPECT_EQ(Encode(Value{int64_t{-7}}), R"({"output":-7})");
  EXPECT_EQ(Encode(Value{2.0}), R"({"output":2.0})");
  EXPECT_EQ(Encode(Value{std::string("a\"b")}), R"({"output":"a\"b"})");
  EXPECT_EQ(Encode(Value{}), R"({"output":null})");
  EXPECT_EQ(Encode(Value{true}, "r\"1"), R"({"output":true,"id":"r\"1"})");
}

TEST(EncodePredict, SeveralResultsAreOutputs) {
  ValueTuple tuple{{Floats({1}, {1}), Value{int64_t{2}}}, {}};
  EXPECT_EQ(Encode(Value{tuple}), R"({"outputs":[[1.0],2]})");
  tuple.names = {"scores", "count"};
  EXPECT_EQ(Encode(Value{tuple}), R"({"outputs":{"scores":[1.0],"count":2}})");
  const ValueDict dict{{{"b", Floats({1}, {1})}, {"a", Value{ValueList{{Value{}, Value{false}}}}}}};
  EXPECT_EQ(Encode(Value{dict}), R"({"outputs":{"b":[1.0],"a":[null,false]}})");
  EXPECT_EQ(Encode(Value{ValueList{}}), R"({"outputs":[]})");
  EXPECT_EQ(Encode(Value{ValueDict{}}), R"({"outputs":{}})");
}

TEST(EncodePredict, BytesThatAreNotUtf8AreRefused) {
  EXPECT_EQ(Encode(Value{std::string("\xFF")}),
            "the result has a string that is not UTF-8, which JSON cannot carry");
}

}  // namespace
}  // namespace flambeau
