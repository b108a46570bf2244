#include "wire/raw_binary.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "backend/fact_rules.h"
#include "base/checked.h"
#include "codec/convert.h"

namespace flambeau {
namespace {

Status Refuse(const std::string& why) {
  return InvalidArgument("A raw binary request (Inference-Header-Content-Length: 0) needs " + why +
                         "; send the inputs as JSON, followed by their binary data.");
}

Result<const ArgumentFact*> LoneArgument(const MethodFacts& signature) {
  const ArgumentFact* lone = nullptr;
  for (const ArgumentFact& argument : signature.arguments) {
    if (argument.optional || argument.has_default) continue;
    if (lone != nullptr) return Refuse("a model with one input");
    lone = &argument;
  }
  if (lone == nullptr && signature.arguments.size() == 1) lone = &signature.arguments.front();
  if (lone == nullptr) return Refuse("a model with one input");
  return lone;
}

// What was merely observed must not change what a request means.
// The dimensions of `bytes` bytes.
Result<Shape> ShapeOf(const TensorFact& fact, DType dtype, size_t bytes) {
  if (!fact.dims || !IsFirm(fact.dims_source)) {
    return Refuse("a model whose input's shape is known");
  }
  Shape shape = *fact.dims;
  if (std::count(shape.begin(), shape.end(), -1) > 1 && shape.front() == -1) shape.front() = 1;
  const auto unknown = std::find(shape.begin(), shape.end(), -1);
  if (std::count(shape.begin(), shape.end(), -1) > 1) {
    return Refuse("a model whose input has at most one unknown dimension besides the batch's");
  }
  if (unknown == shape.end()) return shape;
  *unknown = 1;
  const std::optional<size_t> step = ByteSize(dtype, shape);
  const std::string expected = ToString(*fact.dims);
  if (!step || *step == 0 || bytes == 0 || bytes % *step != 0) {
    return InvalidArgument("The body has " + std::to_string(bytes) +
                           " bytes, which is no tensor of datatype " + std::string(Name(dtype)) +
                           " and shape " + expected + ".");
  }
  *unknown = static_cast<int64_t>(bytes / *step);
  return shape;
}

std::optional<DType> DTypeOf(const ArgumentFact& argument) {
  if (argument.kind != ValueKind::kTensor) return ScalarDType(argument.kind);
  return IsFirm(argument.tensor.dtype_source) ? argument.tensor.dtype : std::nullopt;
}

}  // namespace

Result<InferRequest> DecodeRawBinary(std::string_view body, std::shared_ptr<const void> owner,
                                     const MethodFacts& signature) {
  FLAMBEAU_ASSIGN_OR_RETURN(const ArgumentFact* argument, LoneArgument(signature));
  InferRequest request;
  request.binary_output = true;
  if (argument->kind == ValueKind::kString) {
    request.inputs.push_back({argument->name, Value{BytesScalar(body)}});
    return request;
  }
  const std::optional<DType> dtype = DTypeOf(*argument);
  if (!dtype) return Refuse("a model whose input's datatype is known");
  Shape shape = {1};
  if (argument->kind == ValueKind::kTensor) {
    FLAMBEAU_ASSIGN_OR_RETURN(shape, ShapeOf(argument->tensor, *dtype, body.size()));
  }
  FLAMBEAU_ASSIGN_OR_RETURN(Tensor tensor,
                            TensorFromBinary(*dtype, shape, body, std::move(owner), "the body"));
  request.inputs.push_back({argument->name, Value{std::move(tensor)}});
  return request;
}

}  // namespace flambeau
