#include "grpc/infer_messages.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
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
#include "grpc/message_bytes.h"
#include "grpc/status_mapping.h"
#include "proto/inference.pb.h"

namespace flambeau {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedOutputStream;

// A protobuf message holds less than 2 GiB; the rest is for everything but the tensors.
constexpr size_t kMaxOutputBytes = std::numeric_limits<int32_t>::max() - (16u << 20);
// A slice over a result pins its whole batch until a slow client has read it: not for small change.
constexpr size_t kMinSliceBytes = 64u << 10;

using Requested = std::vector<RequestedOutput>;

// Where output i went in shared memory; null if it goes into the answer.
const SharedMemoryPlace* PlaceOf(const Requested& requested, size_t i) {
  if (i >= requested.size() || !requested[i].shared_memory) return nullptr;
  return &*requested[i].shared_memory;
}

// What raw_output_contents holds of output i.
size_t ContentsSize(const InferResult& result, const Requested& requested, size_t i) {
  return PlaceOf(requested, i) != nullptr ? 0 : result.outputs[i].tensor.bytes();
}

Status CheckSize(const InferResult& result, const Requested& requested) {
  size_t total = 0;
  for (size_t i = 0; i < result.outputs.size(); ++i) {
    const std::optional<size_t> sum = CheckedAdd(total, ContentsSize(result, requested, i));
    if (!sum || *sum > kMaxOutputBytes) {
      return ResourceExhausted(
          "the outputs do not fit into one gRPC message of 2 GiB; ask for fewer outputs or rows");
    }
    total = *sum;
  }
  return OkStatus();
}

void MarkFinal(inference::ModelInferResponse* message) {
  (*message->mutable_parameters())["triton_final_response"].set_bool_param(true);
}

// Everything but raw_output_contents.
std::string WriteHead(const InferResult& result, const Requested& requested, bool in_stream) {
  inference::ModelInferResponse message;
  if (in_stream) MarkFinal(&message);
  message.set_model_name(result.model);
  message.set_model_version(std::to_string(result.version));
  message.set_id(result.id);
  for (size_t i = 0; i < result.outputs.size(); ++i) {
    const NamedTensor& output = result.outputs[i];
    auto* tensor = message.add_outputs();
    tensor->set_name(output.name);
    const std::string_view datatype = Name(output.tensor.dtype());
    tensor->set_datatype(datatype.data(), datatype.size());
    const Shape& shape = output.tensor.shape();
    tensor->mutable_shape()->Add(shape.begin(), shape.end());
    if (const SharedMemoryPlace* place = PlaceOf(requested, i)) {
      auto& parameters = *tensor->mutable_parameters();
      parameters["shared_memory_region"].set_string_param(place->region);
      parameters["shared_memory_offset"].set_int64_param(static_cast<int64_t>(place->offset));
      parameters["shared_memory_byte_size"].set_int64_param(
          static_cast<int64_t>(output.tensor.bytes()));
    }
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

void AppendLengthDelimited(int field, size_t size, std::string* text) {
  AppendVarint(WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED), text);
  AppendVarint(static_cast<uint32_t>(size), text);
}

// Field numbers ascend, as every protobuf writer has them, and raw_output_contents' is the last.
std::vector<grpc::Slice> WriteSlices(const InferResult& result, const Requested& requested,
                                     bool in_stream) {
  std::vector<grpc::Slice> slices;
  std::string text = WriteHead(result, requested, in_stream);
  for (size_t i = 0; i < result.outputs.size(); ++i) {
    const Tensor& tensor = result.outputs[i].tensor;
    const size_t size = ContentsSize(result, requested, i);
    AppendLengthDelimited(inference::ModelInferResponse::kRawOutputContentsFieldNumber, size,
                          &text);
    if (size < kMinSliceBytes) {
      if (size > 0) text.append(reinterpret_cast<const char*>(tensor.data()), size);
      continue;
    }
    slices.emplace_back(text);
    text.clear();
    slices.push_back(SliceOver(tensor));
  }
  if (!text.empty()) slices.emplace_back(text);
  return slices;
}

}  // namespace

Result<std::shared_ptr<const inference::ModelInferRequest>> ParseInferRequest(
    grpc::ByteBuffer* bytes) {
  auto message = std::make_shared<inference::ModelInferRequest>();
  FLAMBEAU_RETURN_IF_ERROR(ParseMessage(bytes, message.get()));
  return message;
}

Status WriteInferResponse(const InferResult& result, const std::vector<RequestedOutput>& requested,
                          grpc::ByteBuffer* bytes) {
  FLAMBEAU_RETURN_IF_ERROR(CheckSize(result, requested));
  const std::vector<grpc::Slice> slices = WriteSlices(result, requested, /*in_stream=*/false);
  *bytes = grpc::ByteBuffer(slices.data(), slices.size());
  return OkStatus();
}

Status WriteStreamAnswer(const InferResult& result, const std::vector<RequestedOutput>& requested,
                         grpc::ByteBuffer* bytes) {
  FLAMBEAU_RETURN_IF_ERROR(CheckSize(result, requested));
  std::vector<grpc::Slice> slices = WriteSlices(result, requested, /*in_stream=*/true);
  size_t size = 0;
  for (const grpc::Slice& slice : slices) size += slice.size();
  std::string head;
  AppendLengthDelimited(inference::ModelStreamInferResponse::kInferResponseFieldNumber, size,
                        &head);
  slices.insert(slices.begin(), grpc::Slice(head));
  *bytes = grpc::ByteBuffer(slices.data(), slices.size());
  return OkStatus();
}

void WriteStreamError(const std::string& id, const Status& status, grpc::ByteBuffer* bytes) {
  inference::ModelStreamInferResponse message;
  message.set_error_message(ToGrpcStatus(status).error_message());
  message.mutable_infer_response()->set_id(id);
  MarkFinal(message.mutable_infer_response());
  *bytes = WriteMessage(message);
}

}  // namespace flambeau
