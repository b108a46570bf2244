#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "codec/convert.h"
#include "grpc/typed_contents_internal.h"

namespace flambeau {
namespace {

using Input = inference::ModelInferRequest::InferInputTensor;
using Contents = inference::InferTensorContents;
using Owner = std::shared_ptr<const inference::ModelInferRequest>;

std::string Named(const Input& input) { return "input '" + input.name() + "'"; }

// Where a datatype's elements belong, and how many are there.
struct Field {
  std::string_view name;
  int size = 0;
};

Field FieldOf(DType dtype, const Contents& contents) {
  switch (dtype) {
    case DType::kBool:
      return {"bool_contents", contents.bool_contents_size()};
    case DType::kInt8:
    case DType::kInt16:
    case DType::kInt32:
      return {"int_contents", contents.int_contents_size()};
    case DType::kInt64:
      return {"int64_contents", contents.int64_contents_size()};
    case DType::kUint8:
    case DType::kUint16:
    case DType::kUint32:
      return {"uint_contents", contents.uint_contents_size()};
    case DType::kUint64:
      return {"uint64_contents", contents.uint64_contents_size()};
    case DType::kFp32:
      return {"fp32_contents", contents.fp32_contents_size()};
    case DType::kFp64:
      return {"fp64_contents", contents.fp64_contents_size()};
    case DType::kBytes:
      return {"bytes_contents", contents.bytes_contents_size()};
    case DType::kFp16:
    case DType::kBf16:
      break;
  }
  return {};
}

int64_t AllElements(const Contents& contents) {
  return int64_t{contents.bool_contents_size()} + contents.int_contents_size() +
         contents.int64_contents_size() + contents.uint_contents_size() +
         contents.uint64_contents_size() + contents.fp32_contents_size() +
         contents.fp64_contents_size() + contents.bytes_contents_size();
}

Status CheckElements(const Input& input, DType dtype, const Shape& shape) {
  const Field field = FieldOf(dtype, input.contents());
  const std::string datatype(Name(dtype));
  if (field.name.empty()) {
    return InvalidArgument(Named(input) + " has datatype " + datatype +
                           ", which has no typed contents; send it as raw_input_contents");
  }
  if (AllElements(input.contents()) != field.size) {
    return InvalidArgument(Named(input) + " has elements in a field of another datatype; " +
                           datatype + " belongs into " + std::string(field.name));
  }
  const int64_t wanted = ElementCount(shape).value_or(-1);
  if (field.size == wanted) return OkStatus();
  return InvalidArgument(Named(input) + " has " + std::to_string(field.size) + " elements in " +
                         std::string(field.name) + ", but shape " + ToString(shape) + " needs " +
                         std::to_string(wanted));
}

// The field's own memory, kept alive by the message.
template <typename T>
Result<Tensor> View(const google::protobuf::RepeatedField<T>& field, DType dtype,
                    const Shape& shape, const Owner& owner) {
  if (field.empty()) return Tensor::Allocate(dtype, shape);
  return Tensor(dtype, shape, owner, reinterpret_cast<const std::byte*>(field.data()),
                static_cast<size_t>(field.size()) * sizeof(T));
}

// Elements of 8 or 16 bits travel as 32.
template <typename Narrow, typename Wide>
Result<Tensor> Narrowed(const google::protobuf::RepeatedField<Wide>& field, const Input& input,
                        DType dtype, const Shape& shape) {
  FLAMBEAU_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Allocate(dtype, shape));
  auto* out = reinterpret_cast<Narrow*>(tensor.mutable_data());
  for (const Wide element : field) {
    if (element < std::numeric_limits<Narrow>::min() ||
        element > std::numeric_limits<Narrow>::max()) {
      return InvalidArgument(Named(input) + " has the element " + std::to_string(element) +
                             ", which is out of range for " + std::string(Name(dtype)));
    }
    *out++ = static_cast<Narrow>(element);
  }
  return tensor;
}

Result<Tensor> Strings(const Contents& contents, const Shape& shape) {
  const std::vector<std::string_view> elements(contents.bytes_contents().begin(),
                                               contents.bytes_contents().end());
  return BytesTensor(elements, shape);
}

}  // namespace

Result<Tensor> DecodeTyped(const Input& input, DType dtype, const Shape& shape,
                           const Owner& message) {
  FLAMBEAU_RETURN_IF_ERROR(CheckElements(input, dtype, shape));
  const Contents& contents = input.contents();
  switch (dtype) {
    case DType::kBool:
      return View(contents.bool_contents(), dtype, shape, message);
    case DType::kInt8:
      return Narrowed<int8_t>(contents.int_contents(), input, dtype, shape);
    case DType::kInt16:
      return Narrowed<int16_t>(contents.int_contents(), input, dtype, shape);
    case DType::kInt32:
      return View(contents.int_contents(), dtype, shape, message);
    case DType::kInt64:
      return View(contents.int64_contents(), dtype, shape, message);
    case DType::kUint8:
      return Narrowed<uint8_t>(contents.uint_contents(), input, dtype, shape);
    case DType::kUint16:
      return Narrowed<uint16_t>(contents.uint_contents(), input, dtype, shape);
    case DType::kUint32:
      return View(contents.uint_contents(), dtype, shape, message);
    case DType::kUint64:
      return View(contents.uint64_contents(), dtype, shape, message);
    case DType::kFp32:
      return View(contents.fp32_contents(), dtype, shape, message);
    case DType::kFp64:
      return View(contents.fp64_contents(), dtype, shape, message);
    case DType::kBytes:
      return Strings(contents, shape);
    case DType::kFp16:
    case DType::kBf16:
      break;
  }
  return Internal("a datatype without typed contents passed its check");
}

}  // namespace flambeau
