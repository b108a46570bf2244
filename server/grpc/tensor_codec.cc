#include "grpc/tensor_codec.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "codec/convert.h"
#include "grpc/parameters_internal.h"
#include "grpc/typed_contents_internal.h"
#include "proto/inference.pb.h"

namespace flambeau {
namespace {

using InferMessage = inference::ModelInferRequest;
using Input = inference::ModelInferRequest::InferInputTensor;

constexpr int kMaxRank = 64;  // LibTorch's own limit

std::string Named(const Input& input) { return "input '" + input.name() + "'"; }

Result<Shape> DecodeShape(const Input& input) {
  if (input.shape_size() > kMaxRank) {
    return InvalidArgument(Named(input) + " has " + std::to_string(input.shape_size()) +
                           " dimensions; at most 64 are possible");
  }
  Shape shape(input.shape().begin(), input.shape().end());
  for (const int64_t dimension : shape) {
    if (dimension < 0) {
      return InvalidArgument(Named(input) + " has the negative dimension " +
                             std::to_string(dimension) + " in shape " + ToString(shape) +
                             "; send the actual size");
    }
  }
  if (!ElementCount(shape)) {
    return InvalidArgument(Named(input) + " has shape " + ToString(shape) +
                           ", whose element count overflows");
  }
  return shape;
}

Result<DType> DecodeDatatype(const Input& input) {
  if (const std::optional<DType> dtype = ParseDType(input.datatype())) return *dtype;
  return InvalidArgument(Named(input) + " has the unknown datatype '" + input.datatype() +
                         "'; use one of the protocol's, such as FP32 or INT64");
}

// Input by input through a message.
class InputDecoder {
 public:
  InputDecoder(const std::shared_ptr<const InferMessage>& message, const SharedMemory& memory)
      : message_(message), reader_(&memory) {}

  // Before the first. Errors: INVALID_ARGUMENT: too few or too many raw contents.
  Status CheckCount() const;
  // The inputs in order, each once.
  Result<Tensor> Next(const Input& input);

 private:
  bool has_raw() const { return !message_->raw_input_contents().empty(); }
  Status CheckContents(const Input& input, bool in_shared_memory) const;

  const std::shared_ptr<const InferMessage>& message_;
  SharedMemoryReader reader_;
  int next_raw_ = 0;
};

Status InputDecoder::CheckContents(const Input& input, bool in_shared_memory) const {
  if (input.has_contents() && in_shared_memory) {
    return InvalidArgument(Named(input) +
                           " has contents and is in shared memory; use one of the two");
  }
  if (input.has_contents() && has_raw()) {
    return InvalidArgument(Named(input) +
                           " has contents while raw_input_contents is set; use one of the two "
                           "for the whole request");
  }
  return OkStatus();
}

// An input in shared memory takes no entry.
Status InputDecoder::CheckCount() const {
  if (!has_raw()) return OkStatus();
  const auto inputs = std::count_if(
      message_->inputs().begin(), message_->inputs().end(),
      [](const Input& input) { return !input.parameters().contains("shared_memory_region"); });
  if (message_->raw_input_contents_size() == inputs) return OkStatus();
  return InvalidArgument("raw_input_contents has " +
                         std::to_string(message_->raw_input_contents_size()) + " entries for " +
                         std::to_string(inputs) +
                         " inputs; send one per input that is not in shared memory, in order");
}

Result<Tensor> InputDecoder::Next(const Input& input) {
  FLAMBEAU_ASSIGN_OR_RETURN(const auto place, DecodePlace(input.parameters()));
  FLAMBEAU_RETURN_IF_ERROR(CheckContents(input, place.has_value()));
  FLAMBEAU_ASSIGN_OR_RETURN(const DType dtype, DecodeDatatype(input));
  FLAMBEAU_ASSIGN_OR_RETURN(const Shape shape, DecodeShape(input));
  if (place) return reader_.Read(*place, dtype, shape, Named(input));
  if (!has_raw()) return DecodeTyped(input, dtype, shape, message_);
  return TensorFromBinary(dtype, shape, message_->raw_input_contents(next_raw_++), message_,
                          Named(input));
}

Result<RequestedOutput> DecodeOutput(
    const inference::ModelInferRequest::InferRequestedOutputTensor& output) {
  RequestedOutput requested;
  requested.name = output.name();
  FLAMBEAU_ASSIGN_OR_RETURN(requested.classification, DecodeClassification(output.parameters()));
  FLAMBEAU_ASSIGN_OR_RETURN(requested.shared_memory, DecodePlace(output.parameters()));
  return requested;
}

}  // namespace

Result<InferRequest> DecodeInferRequest(const std::shared_ptr<const InferMessage>& message,
                                        const SharedMemory& shared_memory) {
  InferRequest request;
  request.id = message->id();
  FLAMBEAU_RETURN_IF_ERROR(DecodeParameters(*message, &request));
  InputDecoder decoder(message, shared_memory);
  FLAMBEAU_RETURN_IF_ERROR(decoder.CheckCount());
  request.inputs.reserve(message->inputs_size());
  for (const Input& input : message->inputs()) {
    if (input.name().empty()) {
      return InvalidArgument("inputs[" + std::to_string(request.inputs.size()) +
                             "] has no name; ModelMetadata lists the model's inputs");
    }
    FLAMBEAU_ASSIGN_OR_RETURN(Tensor tensor, decoder.Next(input));
    request.inputs.push_back({input.name(), Value{std::move(tensor)}});
  }
  request.outputs.reserve(message->outputs_size());
  for (const auto& output : message->outputs()) {
    FLAMBEAU_ASSIGN_OR_RETURN(RequestedOutput requested, DecodeOutput(output));
    request.outputs.push_back(std::move(requested));
  }
  return request;
}

}  // namespace flambeau
