#include "wire/infer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "codec/convert.h"

namespace flambeau {
namespace {

using testing::ElementsAre;

Result<InferRequest> Decode(const std::string& json, std::string_view binary = "",
                            std::shared_ptr<const void> owner = nullptr) {
  const SharedMemory off({});
  return DecodeInfer({json}, binary, std::move(owner), off);
}

std::string Refusal(const std::string& json, std::string_view binary = "",
                    StatusCode code = StatusCode::kInvalidArgument) {
  const auto request = Decode(json, binary);
  if (request.ok()) return "accepted";
  EXPECT_EQ(request.status().code(), code);
  return std::string(Message(request.status()));
}

// A request of one input whose members are `members`.
std::string One(const std::string& members) { return R"({"inputs":[{)" + members + "}]}"; }

TEST(DecodeInfer, MembersInAnyOrder) {
  std::vector<std::string> members = {R"("name":"x")", R"("datatype":"FP32")", R"("shape":[2,2])",
                                      R"("data":[[1,2],[3,4.5]])", R"("other":{"a":[1]})"};
  std::sort(members.begin(), members.end());
  int permutations = 0;
  do {
    std::string joined;
    for (const std::string& member : members) joined += (joined.empty() ? "" : ",") + member;
    const auto request = Decode(One(joined));
    ASSERT_TRUE(request.ok()) << request.status();
    EXPECT_EQ(request->inputs[0].name, "x");
    const Tensor& tensor = *request->inputs[0].value.tensor();
    EXPECT_EQ(tensor.dtype(), DType::kFp32);
    EXPECT_THAT(tensor.shape(), ElementsAre(2, 2));
    EXPECT_THAT(tensor.As<float>(), ElementsAre(1, 2, 3, 4.5));
    ++permutations;
  } while (std::next_permutation(members.begin(), members.end()));
  EXPECT_EQ(permutations, 120);
}

TEST(DecodeInfer, WholeMessage) {
  const std::string binary("\1\0\0\0\2\0\0\0", 8);
  const auto request = Decode(
      R"({"outputs":[{"name":"y","parameters":{"binary_data":true,"classification":5}},{"name":"z"}],
          "model_name":"ignored",
          "inputs":[{"name":"a","shape":[1],"datatype":"BYTES","data":["t"]},
                    {"name":"b","shape":[2],"datatype":"INT32","parameters":{"binary_data_size":8}}],
          "parameters":{"timeout":1500,"binary_data_output":true,"priority":1,"mine":"x","sequence_id":0},
          "id":"42"})",
      binary);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->id, "42");
  EXPECT_EQ(request->timeout_us, 1500);
  EXPECT_EQ(request->priority, 1u);
  EXPECT_EQ(request->binary_output, true);
  ASSERT_EQ(request->parameters.size(), 1U) << "the protocol's own are none of the model's";
  EXPECT_EQ(request->parameters[0].name, "mine");
  EXPECT_EQ(std::get<std::string>(request->parameters[0].value.data), "x");
  ASSERT_EQ(request->outputs.size(), 2U);
  EXPECT_EQ(request->outputs[0].name, "y");
  EXPECT_EQ(request->outputs[0].binary, true);
  EXPECT_EQ(request->outputs[1].binary, std::nullopt);
  ASSERT_EQ(request->inputs.size(), 2U);
  EXPECT_THAT(*BytesElements(*request->inputs[0].value.tensor()), ElementsAre("t"));
  EXPECT_THAT(request->inputs[1].value.tensor()->As<int32_t>(), ElementsAre(1, 2));
}

TEST(DecodeInfer, AParameterHasTheTypeThatItIsWrittenWith) {
  const auto request = Decode(
      R"({"inputs":[],"parameters":{"whole":-3,"large":18446744073709551615,"part":2.0,"on":true,
          "triton_enable_empty_final_response":true}})");
  ASSERT_TRUE(request.ok()) << request.status();
  ASSERT_EQ(request->parameters.size(), 4U);
  EXPECT_EQ(std::get<int64_t>(request->parameters[0].value.data), -3);
  EXPECT_EQ(std::get<double>(request->parameters[1].value.data), 18446744073709551616.0);
  EXPECT_EQ(std::get<double>(request->parameters[2].value.data), 2.0);
  EXPECT_EQ(std::get<bool>(request->parameters[3].value.data), true);
  EXPECT_EQ(Refusal(R"({"inputs":[],"parameters":{"mine":1e999}})"),
            "parameters.mine must be a number that fits FP64");
}

TEST(DecodeInfer, BinaryDataIsAViewIntoTheBody) {
  const auto body = std::make_shared<std::vector<float>>(std::vector<float>{1, 2, 3});
  const std::string_view binary(reinterpret_cast<const char*>(body->data()), 12);
  const auto request = Decode(
      R"({"inputs":[{"name":"x","shape":[1],"datatype":"FP32","parameters":{"binary_data_size":4}},
                    {"name":"y","shape":[2],"datatype":"FP32","parameters":{"binary_data_size":8}}]})",
      binary, body);
  ASSERT_TRUE(request.ok()) << request.status();
  const Tensor& y = *request->inputs[1].value.tensor();
  EXPECT_EQ(static_cast<const void*>(y.data()), body->data() + 1);
  EXPECT_EQ(y.owner(), body);
}

// The same tensor both ways, for every datatype.
TEST(DecodeInfer, JsonAndBinaryGiveIdenticalTensors) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 200; ++round) {
    const auto dtype = static_cast<DType>(random() % 13);
    const Shape shape = {static_cast<int64_t>(random() % 4),
                         static_cast<int64_t>(1 + random() % 5)};
    Tensor tensor = *Tensor::Allocate(dtype, shape);
    for (size_t i = 0; i < tensor.bytes(); ++i) {
      // Small bytes keep every float finite.
      tensor.mutable_data()[i] =
          static_cast<std::byte>(dtype == DType::kBool ? random() % 2 : random() % 0x78);
    }
    std::string data;
    ASSERT_TRUE((round % 2 == 0 ? AppendFlat(tensor, &data) : AppendNested(tensor, &data)).ok());
    const std::string common =
        R"("name":"x","datatype":")" + std::string(Name(dtype)) + R"(","shape":)" + ToString(shape);
    const auto text = Decode(One(common + R"(,"data":)" + data));
    // One byte off, so that most datatypes are not aligned.
    const std::string body =
        "#" + std::string(reinterpret_cast<const char*>(tensor.data()), tensor.bytes());
    const auto binary = Decode(One(common + R"(,"parameters":{"binary_data_size":)" +
                                   std::to_string(tensor.bytes()) + "}"),
                               std::string_view(body).substr(1));
    ASSERT_TRUE(text.ok()) << text.status() << data;
    ASSERT_TRUE(binary.ok()) << binary.status();
    const Tensor& a = *text->inputs[0].value.tensor();
    const Tensor& b = *binary->inputs[0].value.tensor();
    EXPECT_EQ(a.dtype(), b.dtype());
    EXPECT_EQ(a.shape(), b.shape());
    ASSERT_EQ(a.bytes(), b.bytes());
    EXPECT_EQ(std::memcmp(a.data(), b.data(), a.bytes()), 0) << data;
  }
}

TEST(DecodeInfer, BadBodiesAreRefused) {
  EXPECT_EQ(Refusal(""), R"(the body is empty: send a JSON object with "inputs")");
  EXPECT_EQ(Refusal("[]"), R"(the body must be a JSON object with "inputs")");
  EXPECT_EQ(Refusal("{}"), "the body has no inputs: send an array of them");
  EXPECT_EQ(Refusal(R"({"inputs":{}})"), "inputs must be an array");
  EXPECT_EQ(Refusal(R"({"inputs":[1]})"), "inputs[0] must be an object");
  EXPECT_EQ(Refusal(R"({"inputs":[]}x)"),
            "the body has text after its JSON value, at byte 13: send one JSON object");
  EXPECT_EQ(Refusal(R"({"inputs":[],"inputs":[]})"), "the key inputs occurs twice: send it once");
  EXPECT_EQ(Refusal(R"({"inputs":[],"\u0000":1,"\u0000":2})"),
            "the key ? occurs twice: send it once");
  EXPECT_EQ(Refusal(R"({"id":1,"inputs":[]})"), "id must be a string");
  EXPECT_EQ(Refusal(R"({"id":"\udc00","inputs":[]})"),
            "the body is not valid JSON: a string has half of a surrogate pair at id");
  EXPECT_EQ(Refusal("{\"id\":\"\xff\",\"inputs\":[]}"),
            "the body is not valid JSON: a string is not UTF-8 at id");
  EXPECT_EQ(Refusal(R"({"x":{"a":tru},"inputs":[]})"),
            "the body is not valid JSON: the syntax is wrong at x");
}

TEST(DecodeInfer, BadInputsAreRefused) {
  const std::string good = R"("name":"x","datatype":"FP32","shape":[1])";
  EXPECT_EQ(Refusal(One(R"("datatype":"FP32","shape":[1],"data":[1])")),
            "inputs[0] has no name: name the argument it is for");
  EXPECT_EQ(Refusal(One(R"("name":"x","shape":[1],"data":[1])")),
            "inputs[0] has no datatype: send one such as FP32");
  EXPECT_EQ(Refusal(One(R"("name":"x","datatype":"FP32","data":[1])")),
            "inputs[0] has no shape: send the tensor's dimensions, such as [1,3]");
  EXPECT_EQ(Refusal(One(good)),
            "inputs[0] has no data: send data, or binary data and parameters.binary_data_size");
  EXPECT_EQ(Refusal(One(good + R"(,"data":[1],"parameters":{"binary_data_size":4})"), "abcd"),
            "inputs[0] has more than one of data, parameters.binary_data_size and "
            "parameters.shared_memory_region: send one of them");
  EXPECT_EQ(Refusal(One(good + R"(,"data":1)")), "inputs[0].data must be an array");
  EXPECT_EQ(Refusal(One(good + R"(,"data":[1],"data":[1])")),
            "the key inputs[0].data occurs twice: send it once");
  EXPECT_EQ(Refusal(One(R"("name":"")")), "inputs[0].name must not be empty");
  EXPECT_EQ(Refusal(One(R"("name":"a\u0000b")")),
            "inputs[0].name must not contain a NUL character");
  EXPECT_EQ(Refusal(One(R"("name":7)")), "inputs[0].name must be a string");
  EXPECT_EQ(Refusal(One(R"("datatype":"FLOAT")")),
            "inputs[0].datatype is 'FLOAT': use BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, "
            "INT32, INT64, FP16, BF16, FP32, FP64 or BYTES");
  const std::string valid = "{" + good + R"(,"data":[1]})";
  EXPECT_EQ(Refusal(R"({"inputs":[)" + valid + "," + valid + "]}"),
            "inputs[1].name is 'x', as is an earlier input's: send each input once");
}

TEST(DecodeInfer, BadShapesAreRefused) {
  const auto with_shape = [](const std::string& shape, const std::string& dtype = "FP32") {
    return One(R"("name":"x","datatype":")" + dtype + R"(","shape":)" + shape + R"(,"data":[1])");
  };
  EXPECT_EQ(Refusal(R"({"inputs":[{"name":"a","datatype":"FP32","shape":[1],"data":[1]},)"
                    R"({"name":"b","datatype":"FP32","shape":[-1],"data":[1]}]})"),
            "inputs[1].shape[0] is -1: it must be 0 or more");
  EXPECT_EQ(Refusal(with_shape("[1.0]")),
            "inputs[0].shape[0] must be a whole number, without fraction or exponent");
  EXPECT_EQ(Refusal(with_shape("[\"1\"]")), "inputs[0].shape[0] must be a whole number");
  EXPECT_EQ(Refusal(with_shape("3")), "inputs[0].shape must be an array");
  EXPECT_EQ(Refusal(with_shape("[99999999999999999999]")),
            "inputs[0].shape[0] must be a whole number that fits 64 bits");
  const std::string too_large = " is too large: its size in bytes cannot be represented";
  EXPECT_EQ(Refusal(with_shape("[4294967296,4294967296]")),
            "inputs[0].shape [4294967296,4294967296]" + too_large);
  EXPECT_EQ(Refusal(with_shape("[4294967296,0,4294967296]")),
            "inputs[0].shape [4294967296,0,4294967296]" + too_large);
  EXPECT_EQ(Refusal(with_shape("[2305843009213693952]")),
            "inputs[0].shape [2305843009213693952]" + too_large);
  EXPECT_EQ(Refusal(with_shape("[4294967296,4294967296]", "BYTES")),
            "inputs[0].shape [4294967296,4294967296]" + too_large);
  EXPECT_EQ(Refusal(with_shape("[1000000,1000000]")),
            "inputs[0].data has 1 element but shape [1000000,1000000] needs 1000000000000");
  EXPECT_EQ(Refusal(with_shape("[0]")), "inputs[0].data has 1 element but shape [0] needs 0");
  EXPECT_EQ(
      Refusal(with_shape("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]")),
      "inputs[0].shape has more than 32 dimensions");
}

TEST(DecodeInfer, ZeroDimensionsAreTaken) {
  const auto json = Decode(One(R"("name":"x","datatype":"FP32","shape":[0,3],"data":[])"));
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(json->inputs[0].value.tensor()->bytes(), 0U);
  const auto binary = Decode(
      One(R"("name":"x","datatype":"FP32","shape":[2,0],"parameters":{"binary_data_size":0})"));
  ASSERT_TRUE(binary.ok()) << binary.status();
  EXPECT_THAT(binary->inputs[0].value.tensor()->shape(), ElementsAre(2, 0));
}

TEST(DecodeInfer, BinarySizesMustAddUp) {
  const auto with_size = [](const std::string& size) {
    return One(R"("name":"x","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":)" +
               size + "}");
  };
  EXPECT_EQ(Refusal(with_size("4")),
            "inputs[0].parameters.binary_data_size is 4 but 0 bytes of binary data are left in the "
            "body: send them after the JSON, and its length as Inference-Header-Content-Length");
  EXPECT_EQ(Refusal(with_size("4"), "abcdef"),
            "the inputs' binary_data_size add up to 4 but 6 bytes of binary data follow the JSON");
  EXPECT_EQ(Refusal(with_size("6"), "abcdef"),
            "inputs[0] has 6 bytes but datatype FP32 and shape [1] need 4");
  EXPECT_EQ(Refusal(with_size("-4"), "abcd"),
            "inputs[0].parameters.binary_data_size is -4: it must be 0 or more");
  EXPECT_EQ(Refusal(with_size("4.0"), "abcd"),
            "inputs[0].parameters.binary_data_size must be a whole number, without fraction or "
            "exponent");
  EXPECT_EQ(Refusal(with_size("18446744073709551615"), "abcd"),
            "inputs[0].parameters.binary_data_size must be a whole number that fits 64 bits");
  EXPECT_EQ(Refusal(with_size("9223372036854775807"), "abcd").substr(0, 69),
            "inputs[0].parameters.binary_data_size is 9223372036854775807 but 4 by");
  EXPECT_EQ(Refusal(with_size("\"4\""), "abcd"),
            "inputs[0].parameters.binary_data_size must be a whole number");
  EXPECT_EQ(Refusal(R"({"inputs":[]})", "abcd"),
            "the inputs' binary_data_size add up to 0 but 4 bytes of binary data follow the JSON");
}

TEST(DecodeInfer, BadElementsNameTheirPlace) {
  const auto with_data = [](const std::string& dtype, const std::string& data) {
    return One(R"("data":)" + data + R"(,"name":"x","datatype":")" + dtype + R"(","shape":[2])");
  };
  EXPECT_EQ(Refusal(with_data("UINT8", "[1,-1]")),
            "inputs[0].data[1] is -1, out of range for UINT8 (0 to 255)");
  EXPECT_EQ(Refusal(with_data("FP32", "[NaN,1]")),
            "inputs[0].data[0] is NaN, which JSON cannot carry: send this tensor as binary data");
  EXPECT_EQ(Refusal(with_data("BOOL", "[1,0]")),
            "inputs[0].data[0] is a number but datatype BOOL takes true or false");
  EXPECT_EQ(
      Refusal(with_data("FP32", "[[1],[2,3]]")),
      "inputs[0].data[1] has 2 values but inputs[0].data[0] has 1: rows must have one length");
  EXPECT_EQ(Refusal(with_data("FP32", "[1,2,3]")),
            "inputs[0].data has 3 elements but shape [2] needs 2");
}

TEST(DecodeInfer, BadParametersAreRefused) {
  const auto with = [](const std::string& parameter) {
    return R"({"inputs":[],"parameters":{)" + parameter + "}}";
  };
  EXPECT_EQ(Refusal(with(R"("timeout":-1)")), "parameters.timeout is -1: it must be 0 or more");
  EXPECT_EQ(Refusal(with(R"("timeout":true)")), "parameters.timeout must be a whole number");
  EXPECT_EQ(Refusal(with(R"("priority":-1)")), "parameters.priority is -1: it must be 0 or more");
  EXPECT_EQ(Refusal(with(R"("priority":"high")")), "parameters.priority must be a whole number");
  EXPECT_EQ(Refusal(with(R"("headers":"a")")), "parameters.headers is reserved: leave it out");
  EXPECT_EQ(Refusal(with(R"("triton_final_response":true)")),
            "parameters.triton_final_response is reserved: leave it out");
  EXPECT_EQ(Refusal(with(R"("binary_data_output":1)")),
            "parameters.binary_data_output must be true or false");
  EXPECT_EQ(Refusal(with(R"("mine":{})")),
            "parameters.mine must be a string, a number or a boolean");
  EXPECT_EQ(Refusal(R"({"inputs":[],"parameters":1})"), "parameters must be an object");
  EXPECT_EQ(Refusal(with(R"("sequence_start":1)")),
            "parameters.sequence_start must be true or false");
  EXPECT_EQ(Decode(with(R"("timeout":0)"))->timeout_us, std::nullopt);
  for (const std::string sequence :
       {R"("sequence_id":7)", R"("sequence_id":"a")", R"("sequence_end":true)"}) {
    EXPECT_NE(Refusal(with(sequence), "", StatusCode::kUnimplemented), "accepted");
  }
  EXPECT_TRUE(
      Decode(with(R"("sequence_id":"","sequence_start":false,"x":1.5,"y":"z","w":true)")).ok());
}

TEST(DecodeInfer, PlacesInSharedMemory) {
  const std::string good = R"("name":"x","shape":[1],"datatype":"FP32")";
  const auto with = [](const std::string& parameters) {
    return R"({"inputs":[],"outputs":[{"name":"y","parameters":{)" + parameters + "}}]}";
  };
  const auto request = Decode(
      with(R"("shared_memory_region":"r","shared_memory_byte_size":12,"shared_memory_offset":4)"));
  ASSERT_TRUE(request.ok()) << request.status();
  ASSERT_TRUE(request->outputs[0].shared_memory.has_value());
  EXPECT_EQ(request->outputs[0].shared_memory->region, "r");
  EXPECT_EQ(request->outputs[0].shared_memory->offset, 4U);
  EXPECT_EQ(request->outputs[0].shared_memory->bytes, 12U);
  EXPECT_EQ(Decode(with(R"("classification":3)"))->outputs[0].classification, 3);

  EXPECT_EQ(Refusal(with(R"("classification":0)")),
            "outputs[0].parameters.classification is 0: it must be 1 or more");
  EXPECT_EQ(Refusal(with(R"("classification":"3")")),
            "outputs[0].parameters.classification must be a whole number");
  EXPECT_EQ(Refusal(with(R"("shared_memory_byte_size":3)")),
            "outputs[0] has no parameters.shared_memory_region: shared memory needs both");
  EXPECT_EQ(Refusal(with(R"("shared_memory_region":"r")")),
            "outputs[0] has no parameters.shared_memory_byte_size: shared memory needs both");
  EXPECT_EQ(Refusal(with(R"("shared_memory_region":"r","shared_memory_byte_size":-3)")),
            "outputs[0].parameters.shared_memory_byte_size is -3: it must be 0 or more");
  EXPECT_EQ(Refusal(with(R"("shared_memory_size":3)")),
            "outputs[0].parameters.shared_memory_size is not known: use shared_memory_region, "
            "shared_memory_offset and shared_memory_byte_size");
  EXPECT_EQ(Refusal(with(R"("shared_memory_region":"r","shared_memory_byte_size":3,)"
                         R"("binary_data":true)")),
            "outputs[0] has both parameters.binary_data and parameters.shared_memory_region: send "
            "one of them");
  const auto triton =
      Decode(with(R"("shared_memory_region":"r","shared_memory_byte_size":3,"binary_data":false)"));
  ASSERT_TRUE(triton.ok()) << triton.status();
  EXPECT_EQ(triton->outputs[0].shared_memory->bytes, 3U);
  EXPECT_EQ(Refusal(One(good + R"(,"data":[1],"parameters":{"shared_memory_region":"r",)"
                               R"("shared_memory_byte_size":4})")),
            "inputs[0] has more than one of data, parameters.binary_data_size and "
            "parameters.shared_memory_region: send one of them");
  EXPECT_THAT(Refusal(One(good + R"(,"parameters":{"shared_memory_region":"r",)"
                                 R"("shared_memory_byte_size":4})"),
                      "", StatusCode::kUnimplemented),
              testing::HasSubstr("--allow-shared-memory"));
  EXPECT_THAT(Refusal(R"({"inputs":[],"parameters":{"shared_memory_region":"r"}})"),
              testing::HasSubstr("belongs into the parameters of an input or output"));
}

TEST(DecodeInfer, BadOutputsAreRefused) {
  const auto with = [](const std::string& outputs) {
    return R"({"inputs":[],"outputs":)" + outputs + "}";
  };
  EXPECT_EQ(Refusal(with("{}")), "outputs must be an array");
  EXPECT_EQ(Refusal(with("[{}]")), "outputs[0] has no name: name the output");
  EXPECT_EQ(Refusal(with(R"([{"name":"y"},{"name":"y"}])")),
            "outputs[1].name is 'y', as is an earlier output's: ask for each output once");
  EXPECT_EQ(Refusal(with(R"([{"name":"y","parameters":{"binary_data":1}}])")),
            "outputs[0].parameters.binary_data must be true or false");
  EXPECT_EQ(Refusal(with(R"([{"name":"y\u0000"}])")),
            "outputs[0].name must not contain a NUL character");
}

TEST(DecodeInfer, DeepNestingIsRefusedAnywhere) {
  const std::string arrays(100000, '[');
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += R"({"a":)";
  for (const std::string& deep : {arrays, objects}) {
    for (const std::string& prefix :
         {std::string(), std::string(R"({"x":)"), std::string(R"({"inputs":)"),
          std::string(R"({"inputs":[{"data":)"), std::string(R"({"inputs":[{"shape":)"),
          std::string(R"({"parameters":{"x":)"), std::string(R"({"outputs":[{"name":)")}) {
      EXPECT_NE(Refusal(prefix + deep), "accepted");
    }
  }
}

TEST(DecodeInfer, EveryTruncationIsRefused) {
  const std::string whole =
      R"({"id":"1","inputs":[{"name":"x","datatype":"FP32","shape":[2],"data":[1,2]}],)"
      R"("outputs":[{"name":"y","parameters":{"binary_data":false}}],"parameters":{"a":"b"}})";
  ASSERT_TRUE(Decode(whole).ok());
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_NE(Refusal(whole.substr(0, length)), "accepted") << length;
  }
}

// Whatever single byte is changed, the answer is a Status.
TEST(DecodeInfer, SurvivesAnyChangedByte) {
  const std::string whole =
      R"({"inputs":[{"name":"x","datatype":"INT8","shape":[2,1],"data":[[1],[-2]]}]})";
  int accepted = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = whole;
      changed[i] = static_cast<char>(byte);
      const auto request = Decode(changed);
      if (request.ok()) {
        ++accepted;
      } else {
        EXPECT_FALSE(request.status().message().empty());
      }
    }
  }
  EXPECT_GT(accepted, static_cast<int>(whole.size()));  // the unchanged ones at least
}

template <typename T>
NamedTensor Output(const std::string& name, DType dtype, const Shape& shape,
                   const std::vector<T>& elements) {
  Tensor tensor = *Tensor::AllocateBytes(dtype, shape, elements.size() * sizeof(T));
  std::copy(elements.begin(), elements.end(), reinterpret_cast<T*>(tensor.mutable_data()));
  return {name, tensor};
}

InferResult TwoOutputs() {
  InferResult result;
  result.model = "digits";
  result.version = 3;
  result.outputs = {Output<float>("y", DType::kFp32, {2, 2}, {1, 2, 3, 4.5}),
                    Output<int8_t>("z", DType::kInt8, {1}, {-7})};
  return result;
}

TEST(EncodeInfer, JsonDataIsFlat) {
  InferResult result = TwoOutputs();
  result.id = "a\"";
  const auto encoded = EncodeInfer(result, {});
  ASSERT_TRUE(encoded.ok());
  EXPECT_EQ(encoded->body,
            R"({"id":"a\"","model_name":"digits","model_version":"3","outputs":[)"
            R"({"name":"y","datatype":"FP32","shape":[2,2],"data":[1.0,2.0,3.0,4.5]},)"
            R"({"name":"z","datatype":"INT8","shape":[1],"data":[-7]}]})");
  EXPECT_EQ(encoded->header_length, std::nullopt);
}

TEST(EncodeInfer, BinaryDataFollowsInTheOutputsOrder) {
  InferRequest request;
  request.binary_output = true;
  const auto encoded = EncodeInfer(TwoOutputs(), request);
  ASSERT_TRUE(encoded.ok());
  const std::string json =
      R"({"model_name":"digits","model_version":"3","outputs":[)"
      R"({"name":"y","datatype":"FP32","shape":[2,2],"parameters":{"binary_data_size":16}},)"
      R"({"name":"z","datatype":"INT8","shape":[1],"parameters":{"binary_data_size":1}}]})";
  ASSERT_EQ(encoded->header_length, json.size());
  EXPECT_EQ(encoded->body.substr(0, json.size()), json);
  ASSERT_EQ(encoded->body.size(), json.size() + 17);
  float values[4];
  std::memcpy(values, encoded->body.data() + json.size(), sizeof(values));
  EXPECT_THAT(values, ElementsAre(1, 2, 3, 4.5));
  EXPECT_EQ(encoded->body.back(), static_cast<char>(-7));
}

TEST(EncodeInfer, EachOutputMayChoose) {
  InferRequest request;
  request.binary_output = true;
  request.outputs = {{"y", false}, {"z", std::nullopt}};
  const auto encoded = EncodeInfer(TwoOutputs(), request);
  ASSERT_TRUE(encoded.ok());
  EXPECT_THAT(encoded->body, testing::HasSubstr(R"("data":[1.0,2.0,3.0,4.5])"));
  EXPECT_EQ(encoded->body.size(), *encoded->header_length + 1);
  request.binary_output = std::nullopt;
  request.outputs = {{"y", true}, {"z", std::nullopt}};
  EXPECT_EQ(EncodeInfer(TwoOutputs(), request)->body.size(),
            *EncodeInfer(TwoOutputs(), request)->header_length + 16);
}

TEST(EncodeInfer, TakesNoMoreMemoryThanABinaryAnswerNeeds) {
  InferResult result;
  result.outputs.push_back({"y", *Tensor::Allocate(DType::kFp32, {1, 100000})});
  InferRequest request;
  request.binary_output = true;
  const auto encoded = EncodeInfer(result, request);
  ASSERT_TRUE(encoded.ok());
  EXPECT_GT(encoded->body.size(), 400000u);
  EXPECT_LT(encoded->body.capacity(), 401000u);
}

TEST(EncodeInfer, EmptyBinaryOutputNeedsNoHeader) {
  InferResult result;
  result.model = "m";
  result.version = 1;
  result.outputs = {Output<float>("y", DType::kFp32, {0, 2}, {})};
  InferRequest request;
  request.binary_output = true;
  const auto encoded = EncodeInfer(result, request);
  ASSERT_TRUE(encoded.ok());
  EXPECT_EQ(encoded->header_length, std::nullopt);
  EXPECT_THAT(encoded->body, testing::HasSubstr(R"("parameters":{"binary_data_size":0})"));
}

TEST(EncodeInfer, BytesThatAreNotUtf8NeedBinary) {
  InferResult result;
  result.model = "m";
  result.version = 1;
  result.outputs = {{"y", BytesTensor({"\xFF"}, {1})}};
  const auto refused = EncodeInfer(result, {});
  EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(refused.status())), testing::HasSubstr("output 'y'"));
  InferRequest request;
  request.binary_output = true;
  const auto encoded = EncodeInfer(result, request);
  ASSERT_TRUE(encoded.ok());
  EXPECT_EQ(encoded->body.substr(*encoded->header_length), std::string("\1\0\0\0\xFF", 5));
}

TEST(EncodeInfer, WhatWentToSharedMemoryIsNotInTheAnswer) {
  InferRequest request;
  request.binary_output = true;
  InferResult result = TwoOutputs();
  RequestedOutput placed;
  placed.name = result.outputs[0].name;
  placed.shared_memory = SharedMemoryPlace{"r\"1", 8, 1000};
  request.outputs = {placed, {result.outputs[1].name}};
  const auto encoded = EncodeInfer(result, request);
  ASSERT_TRUE(encoded.ok()) << encoded.status();
  EXPECT_THAT(encoded->body,
              testing::HasSubstr(R"("parameters":{"shared_memory_region":"r\"1",)"
                                 R"("shared_memory_offset":8,"shared_memory_byte_size":)" +
                                 std::to_string(result.outputs[0].tensor.bytes()) +
                                 R"(,"binary_data_size":0}})"));
  EXPECT_EQ(encoded->body.size(), *encoded->header_length + result.outputs[1].tensor.bytes());
}

}  // namespace
}  // namespace flambeau
