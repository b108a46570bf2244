#include "grpc/tensor_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "codec/convert.h"
#include "proto/inference.pb.h"

namespace flambeau {
namespace {

using inference::ModelInferRequest;
using testing::ElementsAre;
using testing::HasSubstr;

std::shared_ptr<ModelInferRequest> Request(const std::string& datatype,
                                           const std::vector<int64_t>& shape) {
  auto request = std::make_shared<ModelInferRequest>();
  auto* input = request->add_inputs();
  input->set_name("x");
  input->set_datatype(datatype);
  input->mutable_shape()->Add(shape.begin(), shape.end());
  return request;
}

inference::InferTensorContents* Contents(const std::shared_ptr<ModelInferRequest>& request) {
  return request->mutable_inputs(0)->mutable_contents();
}

// The elements, copied: a span would outlive its tensor.
template <typename T>
std::vector<T> Elements(const Tensor& tensor) {
  return {tensor.As<T>().begin(), tensor.As<T>().end()};
}

Tensor DecodeOne(const std::shared_ptr<ModelInferRequest>& request) {
  const Result<InferRequest> decoded = DecodeInferRequest(request, SharedMemory({}));
  EXPECT_TRUE(decoded.ok()) << decoded.status();
  if (!decoded.ok()) return {};
  return *decoded->inputs[0].value.tensor();
}

void ExpectRefused(const std::shared_ptr<ModelInferRequest>& request, const std::string& says,
                   StatusCode code = StatusCode::kInvalidArgument) {
  const Result<InferRequest> decoded = DecodeInferRequest(request, SharedMemory({}));
  ASSERT_FALSE(decoded.ok()) << says;
  EXPECT_EQ(decoded.status().code(), code) << decoded.status();
  EXPECT_THAT(std::string(Message(decoded.status())), HasSubstr(says));
}

// ---- Typed contents

TEST(TypedContentsTest, ReadEveryDatatypeThatHasAField) {
  auto request = Request("BOOL", {3});
  for (const bool element : {true, false, true}) Contents(request)->add_bool_contents(element);
  EXPECT_THAT(Elements<uint8_t>(DecodeOne(request)), ElementsAre(1, 0, 1));

  const auto integers = [](const char* datatype) {
    auto typed = Request(datatype, {2, 1});
    for (const int element : {-128, 127}) Contents(typed)->add_int_contents(element);
    const Tensor tensor = DecodeOne(typed);
    EXPECT_EQ(Name(tensor.dtype()), datatype);
    EXPECT_EQ(tensor.shape(), (Shape{2, 1}));
    return tensor;
  };
  EXPECT_THAT(Elements<int8_t>(integers("INT8")), ElementsAre(-128, 127));
  EXPECT_THAT(Elements<int16_t>(integers("INT16")), ElementsAre(-128, 127));
  EXPECT_THAT(Elements<int32_t>(integers("INT32")), ElementsAre(-128, 127));

  const auto naturals = [](const char* datatype) {
    auto typed = Request(datatype, {2});
    for (const unsigned element : {0U, 255U}) Contents(typed)->add_uint_contents(element);
    const Tensor tensor = DecodeOne(typed);
    EXPECT_EQ(Name(tensor.dtype()), datatype);
    return tensor;
  };
  EXPECT_THAT(Elements<uint8_t>(naturals("UINT8")), ElementsAre(0, 255));
  EXPECT_THAT(Elements<uint16_t>(naturals("UINT16")), ElementsAre(0, 255));
  EXPECT_THAT(Elements<uint32_t>(naturals("UINT32")), ElementsAre(0, 255));

  request = Request("INT64", {1});
  Contents(request)->add_int64_contents(std::numeric_limits<int64_t>::min());
  EXPECT_THAT(Elements<int64_t>(DecodeOne(request)),
              ElementsAre(std::numeric_limits<int64_t>::min()));

  request = Request("UINT64", {1});
  Contents(request)->add_uint64_contents(std::numeric_limits<uint64_t>::max());
  EXPECT_THAT(Elements<uint64_t>(DecodeOne(request)),
              ElementsAre(std::numeric_limits<uint64_t>::max()));

  request = Request("FP32", {2});
  for (const float element : {0.5F, -2.0F}) Contents(request)->add_fp32_contents(element);
  EXPECT_THAT(Elements<float>(DecodeOne(request)), ElementsAre(0.5F, -2.0F));

  request = Request("FP64", {1});
  Contents(request)->add_fp64_contents(0.1);
  EXPECT_THAT(Elements<double>(DecodeOne(request)), ElementsAre(0.1));

  request = Request("BYTES", {2});
  for (const auto* element : {"", "ab"}) Contents(request)->add_bytes_contents(element);
  const Tensor texts = DecodeOne(request);
  EXPECT_THAT(*BytesElements(texts), ElementsAre("", "ab"));
}

TEST(TypedContentsTest, AreViewsThatKeepTheMessageAlive) {
  auto request = Request("FP32", {1});
  Contents(request)->add_fp32_contents(1.5F);
  const void* memory = request->inputs(0).contents().fp32_contents().data();
  const Tensor tensor = DecodeOne(request);
  EXPECT_EQ(tensor.data(), memory);
  request.reset();
  EXPECT_THAT(tensor.As<float>(), ElementsAre(1.5F));
}

TEST(TypedContentsTest, RefuseNumbersOutOfRange) {
  const std::vector<std::pair<std::string, int>> signed_cases = {
      {"INT8", 128}, {"INT8", -129}, {"INT16", 32768}, {"INT16", -32769}};
  for (const auto& [datatype, element] : signed_cases) {
    const auto request = Request(datatype, {1});
    Contents(request)->add_int_contents(element);
    ExpectRefused(request, std::to_string(element) + ", which is out of range for " + datatype);
  }
  for (const auto& [datatype, element] :
       std::vector<std::pair<std::string, int>>{{"UINT8", 256}, {"UINT16", 65536}}) {
    const auto request = Request(datatype, {1});
    Contents(request)->add_uint_contents(element);
    ExpectRefused(request, std::to_string(element) + ", which is out of range for " + datatype);
  }
}

TEST(TypedContentsTest, RefuseElementsOfAnotherType) {
  auto request = Request("FP32", {1});
  Contents(request)->add_int64_contents(1);
  ExpectRefused(request, "FP32 belongs into fp32_contents");
  Contents(request)->add_fp32_contents(1);
  ExpectRefused(request, "FP32 belongs into fp32_contents");
}

TEST(TypedContentsTest, RefuseSixteenBitFloats) {
  for (const auto* datatype : {"FP16", "BF16"}) {
    const auto request = Request(datatype, {1});
    Contents(request)->add_fp32_contents(1);
    ExpectRefused(request, "raw_input_contents");
  }
}

TEST(TypedContentsTest, RefuseACountThatIsNotTheShapes) {
  auto request = Request("FP32", {2, 2});
  ExpectRefused(request, "0 elements in fp32_contents, but shape [2,2] needs 4");
  for (int i = 0; i < 5; ++i) Contents(request)->add_fp32_contents(0);
  ExpectRefused(request, "5 elements in fp32_contents, but shape [2,2] needs 4");
}

TEST(TypedContentsTest, AllowNoElementsForAZeroDimension) {
  EXPECT_EQ(DecodeOne(Request("FP32", {0, 3})).bytes(), 0U);
  EXPECT_EQ(DecodeOne(Request("BYTES", {0})).bytes(), 0U);
}

// ---- Raw contents

TEST(RawContentsTest, ReadEveryDatatype) {
  const std::vector<std::pair<std::string, size_t>> sizes = {
      {"BOOL", 1}, {"UINT8", 1}, {"UINT16", 2}, {"UINT32", 4}, {"UINT64", 8},
      {"INT8", 1}, {"INT16", 2}, {"INT32", 4},  {"INT64", 8},  {"FP16", 2},
      {"BF16", 2}, {"FP32", 4},  {"FP64", 8}};
  for (const auto& [datatype, size] : sizes) {
    auto request = Request(datatype, {3});
    std::string bytes;
    for (size_t i = 0; i < 3 * size; ++i) bytes.push_back(static_cast<char>(i % 2));
    request->add_raw_input_contents(bytes);
    const Tensor tensor = DecodeOne(request);
    EXPECT_EQ(Name(tensor.dtype()), datatype);
    ASSERT_EQ(tensor.bytes(), bytes.size());
    EXPECT_EQ(std::memcmp(tensor.data(), bytes.data(), bytes.size()), 0);
  }
}

TEST(RawContentsTest, AreNotCopied) {
  auto request = Request("FP32", {16});
  request->add_raw_input_contents(std::string(64, 'a'));
  const Tensor tensor = DecodeOne(request);
  EXPECT_EQ(static_cast<const void*>(tensor.data()), request->raw_input_contents(0).data());
  const std::weak_ptr<ModelInferRequest> watch = request;
  request.reset();
  EXPECT_FALSE(watch.expired());
  EXPECT_EQ(tensor.As<uint8_t>()[63], 'a');
}

TEST(RawContentsTest, ReadBytesElements) {
  auto request = Request("BYTES", {2});
  request->add_raw_input_contents(std::string("\2\0\0\0ab\0\0\0\0", 10));
  const Tensor texts = DecodeOne(request);
  EXPECT_THAT(*BytesElements(texts), ElementsAre("ab", ""));

  *request->mutable_raw_input_contents(0) = std::string("\xff\xff\xff\xff", 4);
  ExpectRefused(request, "input 'x'");
}

TEST(RawContentsTest, RefuseASizeThatIsNotTheShapes) {
  auto request = Request("FP32", {1, 10});
  request->add_raw_input_contents(std::string(36, '\0'));
  ExpectRefused(request, "36 bytes");
  *request->mutable_raw_input_contents(0) = std::string(44, '\0');
  ExpectRefused(request, "44 bytes");
}

TEST(RawContentsTest, RefuseACountThatIsNotTheInputs) {
  auto request = Request("FP32", {1});
  request->add_raw_input_contents(std::string(4, '\0'));
  request->add_raw_input_contents("");
  ExpectRefused(request, "raw_input_contents has 2 entries for 1 inputs");
  request->clear_inputs();
  ExpectRefused(request, "raw_input_contents has 2 entries for 0 inputs");
}

TEST(RawContentsTest, RefuseTypedContentsBeside) {
  auto request = Request("FP32", {1});
  Contents(request)->add_fp32_contents(1);
  request->add_raw_input_contents(std::string(4, '\0'));
  ExpectRefused(request, "use one of the two");
}

// ---- Shapes and datatypes

TEST(DecodeTest, RefusesBadShapes) {
  ExpectRefused(Request("FP32", {-1, 10}), "negative dimension -1");
  ExpectRefused(Request("FP32", {int64_t{1} << 32, int64_t{1} << 32}), "overflows");
  ExpectRefused(Request("FP32", std::vector<int64_t>(65, 1)), "65 dimensions");
  auto request = Request("FP64", {int64_t{1} << 61});
  request->add_raw_input_contents("");
  ExpectRefused(request, "input 'x'");
  ExpectRefused(Request("FP32", {1'000'000'000, 1'000}), "0 elements");
}

TEST(DecodeTest, RefusesUnknownDatatypes) {
  for (const auto* datatype : {"FLOAT", "fp32", ""}) {
    ExpectRefused(Request(datatype, {1}), "unknown datatype '" + std::string(datatype) + "'");
  }
}

TEST(DecodeTest, RefusesAnInputWithoutName) {
  auto request = Request("FP32", {0});
  request->mutable_inputs(0)->clear_name();
  ExpectRefused(request, "inputs[0] has no name");
}

TEST(DecodeTest, TakesOverIdAndOutputs) {
  auto request = Request("FP32", {0});
  request->set_id("q1");
  request->add_outputs()->set_name("output");
  const Result<InferRequest> decoded = DecodeInferRequest(request, SharedMemory({}));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->id, "q1");
  ASSERT_EQ(decoded->outputs.size(), 1U);
  EXPECT_EQ(decoded->outputs[0].name, "output");
  EXPECT_EQ(decoded->inputs[0].name, "x");
  EXPECT_FALSE(decoded->timeout_us.has_value());
}

// ---- Parameters

TEST(ParametersTest, TimeoutIsTakenOver) {
  auto request = Request("FP32", {0});
  (*request->mutable_parameters())["timeout"].set_int64_param(1500);
  Result<InferRequest> decoded = DecodeInferRequest(request, SharedMemory({}));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->timeout_us, 1500);
  (*request->mutable_parameters())["timeout"].set_int64_param(0);
  decoded = DecodeInferRequest(request, SharedMemory({}));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_FALSE(decoded->timeout_us.has_value());
}

TEST(ParametersTest, PriorityIsTakenOver) {
  auto request = Request("FP32", {0});
  EXPECT_EQ(DecodeInferRequest(request, SharedMemory({}))->priority, 0u);
  (*request->mutable_parameters())["priority"].set_int64_param(3);
  EXPECT_EQ(DecodeInferRequest(request, SharedMemory({}))->priority, 3u);
  (*request->mutable_parameters())["priority"].set_uint64_param(1ull << 63);
  EXPECT_EQ(DecodeInferRequest(request, SharedMemory({}))->priority, 1ull << 63);
}

TEST(ParametersTest, RefuseWrongTypesAndReservedKeys) {
  const auto refused = [](const std::string& key, const auto& set) {
    auto request = Request("FP32", {0});
    set(&(*request->mutable_parameters())[key]);
    ExpectRefused(request, "'" + key + "'");
  };
  using inference::InferParameter;
  refused("timeout", [](InferParameter* p) { p->set_int64_param(-1); });
  refused("timeout", [](InferParameter* p) { p->set_uint64_param(1); });
  refused("timeout", [](InferParameter* p) { p->set_string_param("soon"); });
  refused("timeout", [](InferParameter*) {});
  refused("priority", [](InferParameter* p) { p->set_int64_param(-1); });
  refused("priority", [](InferParameter* p) { p->set_string_param("high"); });
  refused("sequence_id", [](InferParameter* p) { p->set_bool_param(true); });
  refused("sequence_start", [](InferParameter* p) { p->set_int64_param(1); });
  refused("sequence_end", [](InferParameter* p) { p->set_int64_param(1); });
  refused("binary_data_output", [](InferParameter* p) { p->set_string_param("yes"); });
  refused("headers", [](InferParameter* p) { p->set_string_param("a"); });
  refused("triton_final_response", [](InferParameter* p) { p->set_bool_param(true); });
}

TEST(ParametersTest, AWrongTypeWinsOverAMissingExtension) {
  auto request = Request("FP32", {0});
  (*request->mutable_parameters())["sequence_id"].set_int64_param(1);
  ExpectRefused(request, "sequence", StatusCode::kUnimplemented);
  (*request->mutable_parameters())["sequence_start"].set_int64_param(1);
  ExpectRefused(request, "sequence_start");
}

TEST(ParametersTest, AcceptWhatClientsAlwaysSend) {
  auto request = Request("FP32", {0});
  (*request->mutable_parameters())["triton_enable_empty_final_response"].set_bool_param(false);
  (*request->mutable_parameters())["priority"].set_uint64_param(1);
  (*request->mutable_parameters())["sequence_id"].set_string_param("");
  (*request->mutable_parameters())["my_own"].set_double_param(0.5);
  (*request->mutable_inputs(0)->mutable_parameters())["note"].set_string_param("a");
  const Result<InferRequest> decoded = DecodeInferRequest(request, SharedMemory({}));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  ASSERT_EQ(decoded->parameters.size(), 1U) << "the protocol's own are none of the model's";
  EXPECT_EQ(decoded->parameters[0].name, "my_own");
  EXPECT_EQ(std::get<double>(decoded->parameters[0].value.data), 0.5);
}

TEST(ParametersTest, EveryTypeBecomesAScalar) {
  using Scalar = decltype(Value::data);
  const auto scalar = [](const auto& set) -> Scalar {
    auto request = Request("FP32", {0});
    set(&(*request->mutable_parameters())["mine"]);
    return DecodeInferRequest(request, SharedMemory({}))->parameters.at(0).value.data;
  };
  using inference::InferParameter;
  EXPECT_EQ(std::get<bool>(scalar([](InferParameter* p) { p->set_bool_param(true); })), true);
  EXPECT_EQ(std::get<int64_t>(scalar([](InferParameter* p) { p->set_int64_param(-3); })), -3);
  EXPECT_EQ(std::get<int64_t>(scalar([](InferParameter* p) { p->set_uint64_param(3); })), 3);
  EXPECT_EQ(std::get<double>(scalar([](InferParameter* p) { p->set_uint64_param(~0ull); })),
            18446744073709551616.0);
  EXPECT_EQ(std::get<std::string>(scalar([](InferParameter* p) { p->set_string_param("a"); })),
            "a");
}

void Place(google::protobuf::Map<std::string, inference::InferParameter>* parameters,
           int64_t offset, int64_t bytes) {
  (*parameters)["shared_memory_region"].set_string_param("r");
  (*parameters)["shared_memory_offset"].set_int64_param(offset);
  (*parameters)["shared_memory_byte_size"].set_int64_param(bytes);
}

TEST(ParametersTest, OutputsSayWhatTheyAreToBecome) {
  auto request = Request("FP32", {0});
  auto* output = request->add_outputs();
  output->set_name("output");
  auto* parameters = output->mutable_parameters();
  (*parameters)["classification"].set_int64_param(3);
  Place(parameters, 4, 12);
  const Result<InferRequest> decoded = DecodeInferRequest(request, SharedMemory({}));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->outputs[0].classification, 3);
  ASSERT_TRUE(decoded->outputs[0].shared_memory.has_value());
  EXPECT_EQ(decoded->outputs[0].shared_memory->region, "r");
  EXPECT_EQ(decoded->outputs[0].shared_memory->offset, 4U);
  EXPECT_EQ(decoded->outputs[0].shared_memory->bytes, 12U);
}

TEST(ParametersTest, OutputsRefuseWrongTypes) {
  using inference::InferParameter;
  const auto refused = [](const std::string& key, const auto& set) {
    auto request = Request("FP32", {0});
    auto* output = request->add_outputs();
    output->set_name("output");
    Place(output->mutable_parameters(), 0, 4);
    set(&(*output->mutable_parameters())[key]);
    ExpectRefused(request, "'" + key + "'");
  };
  refused("classification", [](InferParameter* p) { p->set_int64_param(0); });
  refused("classification", [](InferParameter* p) { p->set_int64_param(-1); });
  refused("classification", [](InferParameter* p) { p->set_string_param("3"); });
  refused("shared_memory_region", [](InferParameter* p) { p->set_int64_param(1); });
  refused("shared_memory_offset", [](InferParameter* p) { p->set_int64_param(-1); });
  refused("shared_memory_byte_size", [](InferParameter* p) { p->set_int64_param(-1); });
  refused("shared_memory_byte_size", [](InferParameter* p) { p->set_string_param("4"); });
  refused("shared_memory_size", [](InferParameter* p) { p->set_int64_param(4); });
}

TEST(ParametersTest, SharedMemoryNeedsRegionAndSize) {
  auto request = Request("FP32", {0});
  auto* parameters = request->mutable_inputs(0)->mutable_parameters();
  Place(parameters, 0, 4);
  parameters->erase("shared_memory_byte_size");
  ExpectRefused(request, "'shared_memory_byte_size' is missing");
  Place(parameters, 0, 4);
  ExpectRefused(request, "--allow-shared-memory", StatusCode::kUnimplemented);
  Contents(request)->add_fp32_contents(1);
  ExpectRefused(request, "has contents and is in shared memory");
}

}  // namespace
}  // namespace flambeau
