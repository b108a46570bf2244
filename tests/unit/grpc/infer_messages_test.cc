#include "grpc/infer_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "proto/inference.pb.h"

namespace flambeau {
namespace {

using testing::ElementsAre;

std::string Bytes(const grpc::ByteBuffer& buffer, size_t* slices = nullptr) {
  std::vector<grpc::Slice> parts;
  EXPECT_TRUE(buffer.Dump(&parts).ok());
  if (slices != nullptr) *slices = parts.size();
  std::string bytes;
  for (const grpc::Slice& part : parts) {
    bytes.append(reinterpret_cast<const char*>(part.begin()), part.size());
  }
  return bytes;
}

grpc::ByteBuffer Buffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

Tensor Floats(size_t count, std::weak_ptr<const void>* watch = nullptr) {
  const auto floats = std::make_shared<std::vector<float>>(count, 0.5F);
  if (watch != nullptr) *watch = floats;
  return {DType::kFp32,
          {static_cast<int64_t>(count)},
          floats,
          reinterpret_cast<const std::byte*>(floats->data()),
          count * sizeof(float)};
}

TEST(ParseInferRequestTest, GivesTheBytesBack) {
  inference::ModelInferRequest request;
  request.set_model_name("m");
  grpc::ByteBuffer buffer = Buffer(request.SerializeAsString());
  const auto parsed = ParseInferRequest(&buffer);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ((*parsed)->model_name(), "m");
  EXPECT_FALSE(buffer.Valid());
}

TEST(ParseInferRequestTest, RefusesWhatIsNoMessage) {
  for (const std::string& bytes : {std::string("\xff\xff\xff"), std::string("\x0a\x05lin"),
                                   std::string(100'000, '\x7b'), std::string("\x0a\x02\xff\xfe")}) {
    grpc::ByteBuffer buffer = Buffer(bytes);
    EXPECT_EQ(ParseInferRequest(&buffer).status().code(), StatusCode::kInvalidArgument);
  }
}

TEST(WriteInferResponseTest, WritesRawContentsForEveryOutput) {
  InferResult result;
  result.model = "m";
  result.version = 3;
  result.id = "q";
  result.outputs.push_back({"a", Floats(2)});
  result.outputs.push_back({"none", Tensor(DType::kInt64, {0, 4}, nullptr, nullptr, 0)});
  result.outputs.push_back({"text", BytesScalar("hi")});
  grpc::ByteBuffer buffer;
  ASSERT_TRUE(WriteInferResponse(result, {}, &buffer).ok());
  inference::ModelInferResponse message;
  ASSERT_TRUE(message.ParseFromString(Bytes(buffer)));
  EXPECT_EQ(message.model_name(), "m");
  EXPECT_EQ(message.model_version(), "3");
  EXPECT_EQ(message.id(), "q");
  ASSERT_EQ(message.outputs_size(), 3);
  ASSERT_EQ(message.raw_output_contents_size(), 3);
  EXPECT_EQ(message.outputs(0).name(), "a");
  EXPECT_EQ(message.outputs(0).datatype(), "FP32");
  EXPECT_THAT(message.outputs(0).shape(), ElementsAre(2));
  EXPECT_EQ(message.raw_output_contents(0), std::string("\0\0\0?\0\0\0?", 8));
  EXPECT_THAT(message.outputs(1).shape(), ElementsAre(0, 4));
  EXPECT_EQ(message.raw_output_contents(1), "");
  EXPECT_EQ(message.raw_output_contents(2), std::string("\2\0\0\0hi", 6));
  for (const auto& output : message.outputs()) EXPECT_FALSE(output.has_contents());
  EXPECT_EQ(message.SerializeAsString(), Bytes(buffer));  // as protobuf itself would write it
}

TEST(WriteInferResponseTest, WhatWentToSharedMemoryHasAnEmptyEntry) {
  InferResult result;
  result.outputs.push_back({"placed", Floats(100'000)});
  result.outputs.push_back({"sent", Floats(1)});
  RequestedOutput placed;
  placed.name = "placed";
  placed.shared_memory = SharedMemoryPlace{"r", 8, 1 << 20};
  grpc::ByteBuffer buffer;
  ASSERT_TRUE(WriteInferResponse(result, {placed, {"sent"}}, &buffer).ok());
  inference::ModelInferResponse message;
  ASSERT_TRUE(message.ParseFromString(Bytes(buffer)));
  ASSERT_EQ(message.raw_output_contents_size(), 2);
  EXPECT_EQ(message.raw_output_contents(0), "");
  EXPECT_EQ(message.raw_output_contents(1).size(), 4U);
  const auto& parameters = message.outputs(0).parameters();
  EXPECT_EQ(parameters.at("shared_memory_region").string_param(), "r");
  EXPECT_EQ(parameters.at("shared_memory_offset").int64_param(), 8);
  EXPECT_EQ(parameters.at("shared_memory_byte_size").int64_param(), 400'000);
  EXPECT_TRUE(message.outputs(1).parameters().empty());
}

TEST(WriteInferResponseTest, LargeOutputsAreSlicesOverTheResult) {
  std::weak_ptr<const void> watch;
  std::string bytes;
  {
    grpc::ByteBuffer buffer;
    {
      InferResult result;
      result.outputs.push_back({"large", Floats(100'000, &watch)});
      result.outputs.push_back({"small", Floats(1)});
      ASSERT_TRUE(WriteInferResponse(result, {}, &buffer).ok());
    }
    EXPECT_FALSE(watch.expired());
    size_t slices = 0;
    bytes = Bytes(buffer, &slices);
    EXPECT_EQ(slices, 3U);
  }
  EXPECT_TRUE(watch.expired());
  inference::ModelInferResponse message;
  ASSERT_TRUE(message.ParseFromString(bytes));
  ASSERT_EQ(message.raw_output_contents(0).size(), 400'000U);
  EXPECT_EQ(message.raw_output_contents(0).substr(399'996), std::string("\0\0\0?", 4));
  EXPECT_EQ(message.raw_output_contents(1), std::string("\0\0\0?", 4));
}

TEST(WriteInferResponseTest, RefusesWhatNoMessageHolds) {
  const std::byte none{};
  const size_t half = size_t{1} << 30;  // never read
  InferResult result;
  for (const auto* name : {"a", "b"}) {
    result.outputs.push_back(
        {name, Tensor(DType::kUint8, {static_cast<int64_t>(half)}, nullptr, &none, half)});
  }
  grpc::ByteBuffer buffer;
  EXPECT_EQ(WriteInferResponse(result, {}, &buffer).code(), StatusCode::kResourceExhausted);
  EXPECT_FALSE(buffer.Valid());
}

}  // namespace
}  // namespace flambeau
