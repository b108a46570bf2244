#include "grpc/tensor_codec.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "codec/convert.h"
#include "grpc/parameters.h"
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

Status CheckContentsKind(const InferMessage& message) {
  if (message.raw_input_contents().empty()) return OkStatus();
  for (const Input& input : message.inputs()) {
    if (input.has_contents()) {
      return InvalidArgument(Named(input) +
                             " has contents while raw_input_contents is set; use one of the two "
                             "for the whole request");
    }
  }
  if (message.raw_input_contents_size() == message.inputs_size()) return OkStatus();
  return InvalidArgument("raw_input_contents has " +
                         std::to_string(message.raw_input_contents_size()) + " entries for " +
                         std::to_string(message.inputs_size()) +
                         " inputs; send one per input, in order");
}

Result<Tensor> DecodeInput(const std::shared_ptr<const InferMessage>& message, int index) {
  const Input& input = message->inputs(index);
  FLAMBEAU_ASSIGN_OR_RETURN(const DType dtype, DecodeDatatype(input));
  FLAMBEAU_ASSIGN_OR_RETURN(const Shape shape, DecodeShape(input));
  if (message->raw_input_contents().empty()) return DecodeTyped(input, dtype, shape, message);
  return TensorFromBinary(dtype, shape, message->raw_input_contents(index), message, Named(input));
}

}  // namespace

Result<InferRequest> DecodeInferRequest(const std::shared_ptr<const InferMessage>& message) {
  InferRequest request;
  request.id = message->id();
  FLAMBEAU_RETURN_IF_ERROR(DecodeParameters(*message, &request));
  FLAMBEAU_RETURN_IF_ERROR(CheckContentsKind(*message));
  request.inputs.reserve(message->inputs_size());
  for (int i = 0; i < message->inputs_size(); ++i) {
    if (message->inputs(i).name().empty()) {
      return InvalidArgument("inputs[" + std::to_string(i) +
                             "] has no name; ModelMetadata lists the model's inputs");
    }
    FLAMBEAU_ASSIGN_OR_RETURN(Tensor tensor, DecodeInput(message, i));
    request.inputs.push_back({message->inputs(i).name(), Value{std::move(tensor)}});
  }
  request.outputs.reserve(message->outputs_size());
  for (const auto& output : message->outputs()) {
    request.outputs.push_back({output.name(), std::nullopt});
  }
  return request;
}

}  // namespace flambeau
