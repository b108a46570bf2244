#include <algorithm>
#include <utility>

#include "codec/convert.h"
#include "codec/json_numbers.h"
#include "wire/infer_internal.h"
#include "wire/parameters.h"

namespace flambeau {
namespace {

constexpr size_t kMaxRank = 32;

// One input's members, in whatever order they come.
struct Input {
  std::string path;  // "inputs[0]"
  std::optional<std::string> name;
  std::optional<DType> dtype;
  std::optional<Shape> shape;
  std::optional<std::string_view> data;
  std::optional<int64_t> binary_size;
  PlaceParameters place_parameters;
  std::optional<SharedMemoryPlace> place;
};

Result<DType> DecodeDatatype(JsonCursor* cursor) {
  FLAMBEAU_ASSIGN_OR_RETURN(const std::string name, cursor->TakeString());
  const auto dtype = ParseDType(name);
  if (dtype) return *dtype;
  return InvalidArgument(cursor->Path() + " is '" + name.substr(0, 32) +
                         "': use BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64, "
                         "FP16, BF16, FP32, FP64 or BYTES");
}

Result<Shape> DecodeShape(JsonCursor* cursor) {
  Shape shape;
  const std::string path = cursor->Path();
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterArray());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextElement());
    if (!more) return shape;
    if (shape.size() == kMaxRank) {
      return InvalidArgument(path + " has more than " + std::to_string(kMaxRank) + " dimensions");
    }
    FLAMBEAU_ASSIGN_OR_RETURN(const int64_t dim, TakeCount(cursor));
    shape.push_back(dim);
  }
}

Status DecodeInputParameters(JsonCursor* cursor, Input* input) {
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterObject());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextKey());
    if (!more) return OkStatus();
    if (cursor->key() == "binary_data_size") {
      FLAMBEAU_ASSIGN_OR_RETURN(input->binary_size, TakeCount(cursor));
    } else if (PlaceParameters::Owns(cursor->key())) {
      FLAMBEAU_RETURN_IF_ERROR(input->place_parameters.Take(cursor));
    } else {
      FLAMBEAU_RETURN_IF_ERROR(SkipParameter(cursor));
    }
  }
}

Status DecodeInputMember(JsonCursor* cursor, Input* input) {
  const std::string& key = cursor->key();
  if (key == "name") {
    FLAMBEAU_ASSIGN_OR_RETURN(input->name, cursor->TakeName());
  } else if (key == "datatype") {
    FLAMBEAU_ASSIGN_OR_RETURN(input->dtype, DecodeDatatype(cursor));
  } else if (key == "shape") {
    FLAMBEAU_ASSIGN_OR_RETURN(input->shape, DecodeShape(cursor));
  } else if (key == "parameters") {
    return DecodeInputParameters(cursor, input);
  } else if (key == "data") {
    // Its datatype and shape may come later: only its end is looked for here.
    FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, cursor->Kind());
    if (kind != JsonKind::kArray) return cursor->Expected("an array");
    FLAMBEAU_ASSIGN_OR_RETURN(input->data, cursor->TakeRaw());
  } else {
    return cursor->Skip();
  }
  return OkStatus();
}

Status CheckComplete(const Input& input) {
  const auto missing = [&](std::string_view key, std::string_view fix) {
    return InvalidArgument(input.path + " has no " + std::string(key) + ": " + std::string(fix));
  };
  if (!input.name) return missing("name", "name the argument it is for");
  if (!input.dtype) return missing("datatype", "send one such as FP32");
  if (!input.shape) return missing("shape", "send the tensor's dimensions, such as [1,3]");
  const int sources = (input.data ? 1 : 0) + (input.binary_size ? 1 : 0) + (input.place ? 1 : 0);
  if (sources == 0) {
    return missing("data", "send data, or binary data and parameters.binary_data_size");
  }
  if (sources > 1) {
    return InvalidArgument(input.path +
                           " has more than one of data, parameters.binary_data_size and "
                           "parameters.shared_memory_region: send one of them");
  }
  const bool is_countable = *input.dtype == DType::kBytes
                                ? ElementCount(*input.shape).has_value()
                                : ByteSize(*input.dtype, *input.shape).has_value();
  if (is_countable) return OkStatus();
  return InvalidArgument(input.path + ".shape " + ToString(*input.shape) +
                         " is too large: its size in bytes cannot be represented");
}

Result<Tensor> MakeTensor(const Input& input, InputSources* sources) {
  if (input.data) {
    return ParseTensor({*input.data}, input.dtype, input.shape, input.path + ".data");
  }
  if (input.place) {
    return sources->shared_memory.Read(*input.place, *input.dtype, *input.shape, input.path);
  }
  BinaryPart* const binary = &sources->binary;
  const size_t left = binary->bytes.size() - binary->used;
  const auto size = static_cast<uint64_t>(*input.binary_size);
  if (size > left) {
    return InvalidArgument(input.path + ".parameters.binary_data_size is " + std::to_string(size) +
                           " but " + std::to_string(left) +
                           " bytes of binary data are left in the body: send them after the JSON, "
                           "and its length as Inference-Header-Content-Length");
  }
  const std::string_view bytes = binary->bytes.substr(binary->used, size);
  binary->used += size;
  return TensorFromBinary(*input.dtype, *input.shape, bytes, binary->owner, input.path);
}

Status DecodeInput(JsonCursor* cursor, InputSources* sources, InferRequest* request) {
  Input input;
  input.path = cursor->Path();
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterObject());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextKey());
    if (!more) break;
    FLAMBEAU_RETURN_IF_ERROR(DecodeInputMember(cursor, &input));
  }
  FLAMBEAU_ASSIGN_OR_RETURN(input.place, input.place_parameters.Finish(input.path));
  FLAMBEAU_RETURN_IF_ERROR(CheckComplete(input));
  const auto same =
      std::find_if(request->inputs.begin(), request->inputs.end(),
                   [&](const NamedValue& other) { return other.name == *input.name; });
  if (same != request->inputs.end()) {
    return InvalidArgument(input.path + ".name is '" + *input.name +
                           "', as is an earlier input's: send each input once");
  }
  FLAMBEAU_ASSIGN_OR_RETURN(Tensor tensor, MakeTensor(input, sources));
  request->inputs.push_back({*std::move(input.name), Value{std::move(tensor)}});
  return OkStatus();
}

}  // namespace

Status DecodeInputs(JsonCursor* cursor, InputSources* sources, InferRequest* request) {
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterArray());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextElement());
    if (!more) return OkStatus();
    FLAMBEAU_RETURN_IF_ERROR(DecodeInput(cursor, sources, request));
  }
}

}  // namespace flambeau
