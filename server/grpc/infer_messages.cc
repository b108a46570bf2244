#include "grpc/infer_messages.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/slice.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/checked.h"
#include "proto/inference.pb.h"

namespace flambeau {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedOutputStream;

// A protobuf message holds less than 2 GiB; the rest is for everything but the tensors.
constexpr size_t kMaxOutputBytes = std::numeric_limits<int32_t>::max() - (16u << 20);
// A slice over a result pins its whole batch until a slow client has read it: not for small change.
constexpr size_t kMinSliceBytes = 64u << 10;

Status CheckSize(const InferResult& result) {
  size_t total = 0;
  for (const NamedTensor& output : result.outputs) {
    const std::optional<size_t> sum = CheckedAdd(total, output.tensor.bytes());
    if (!sum || *sum > kMaxOutputBytes) {
      return ResourceExhausted(
          "the outputs do not fit into one gRPC message of 2 GiB; ask for fewer outputs or rows");
    }
    total = *sum;
  }
  return OkStatus();
}

// Everything but raw_output_contents.
std::string WriteHead(const InferResult& result) {
  inference::ModelInferResponse message;
  message.set_model_name(result.model);
  message.set_model_version(std::to_string(result.version));
  message.set_id(result.id);
  for (const NamedTensor& output : result.outputs) {
    auto* tensor = message.add_outputs();
    tensor->set_name(output.name);
    const std::string_view datatype = Name(output.tensor.dtype());
    tensor->set_datatype(datatype.data(), datatype.size());
    const Shape& shape = output.tensor.shape();
    tensor->mutable_shape()->Add(shape.begin(), shape.end());
  }
  return message.SerializeAsString();
}

void AppendVarint(uint32_t value, std::string* text) {
  uint8_t bytes[5];
  const uint8_t* end = CodedOutputStream::WriteVarint32ToArray(value, bytes);
  text->append(reinterpret_cast<const char*>(bytes), end - bytes);
}

grpc::Slice SliceOver(const Tensor& tensor) {
  auto* kept = new Tensor(tensor);
  return {const_cast<std::byte*>(kept->data()), kept->bytes(),
          [](void* tensor) { delete static_cast<Tensor*>(tensor); }, kept};
}

}  // namespace

Result<std::shared_ptr<const inference::ModelInferRequest>> ParseInferRequest(
    grpc::ByteBuffer* bytes) {
  auto message = std::make_shared<inference::ModelInferRequest>();
  {
    grpc::ProtoBufferReader reader(bytes);
    if (!reader.status().ok() || !message->ParseFromZeroCopyStream(&reader)) {
      return InvalidArgument(
          "the message is not a ModelInferRequest; generate the client from inference.proto");
    }
  }
  bytes->Clear();
  return message;
}

// Field numbers ascend, as every protobuf writer has them, and raw_output_contents' is the last.
Status WriteInferResponse(const InferResult& result, grpc::ByteBuffer* bytes) {
  FLAMBEAU_RETURN_IF_ERROR(CheckSize(result));
  std::vector<grpc::Slice> slices;
  std::string text = WriteHead(result);
  for (const NamedTensor& output : result.outputs) {
    const Tensor& tensor = output.tensor;
    AppendVarint(
        WireFormatLite::MakeTag(inference::ModelInferResponse::kRawOutputContentsFieldNumber,
                                WireFormatLite::WIRETYPE_LENGTH_DELIMITED),
        &text);
    AppendVarint(static_cast<uint32_t>(tensor.bytes()), &text);
    if (tensor.bytes() < kMinSliceBytes) {
      if (tensor.bytes() > 0) {
        text.append(reinterpret_cast<const char*>(tensor.data()), tensor.bytes());
      }
      continue;
    }
    slices.emplace_back(text);
    text.clear();
    slices.push_back(SliceOver(tensor));
  }
  if (!text.empty()) slices.emplace_back(text);
  *bytes = grpc::ByteBuffer(slices.data(), slices.size());
  return OkStatus();
}

}  // namespace flambeau
