#include "wire/infer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/checked.h"
#include "codec/convert.h"
#include "codec/json_cursor.h"
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
};

// The part of the body after the JSON, used up input by input.
struct BinaryPart {
  std::string_view bytes;
  std::shared_ptr<const void> owner;
  size_t used = 0;
};

Status SharedMemory(const JsonCursor& cursor) {
  return Unimplemented(cursor.Path() +
                       " is not supported: send the data in the request, not in shared memory");
}

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
    } else if (cursor->key().starts_with("shared_memory_")) {
      return SharedMemory(*cursor);
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
  if (!input.data && !input.binary_size) {
    return missing("data", "send data, or binary data and parameters.binary_data_size");
  }
  if (input.data && input.binary_size) {
    return InvalidArgument(input.path +
                           " has both data and parameters.binary_data_size: send one of them");
  }
  const bool is_countable = *input.dtype == DType::kBytes
                                ? ElementCount(*input.shape).has_value()
                                : ByteSize(*input.dtype, *input.shape).has_value();
  if (is_countable) return OkStatus();
  return InvalidArgument(input.path + ".shape " + ToString(*input.shape) +
                         " is too large: its size in bytes cannot be represented");
}

Result<Tensor> MakeTensor(const Input& input, BinaryPart* binary) {
  if (input.data) {
    return ParseTensor({*input.data}, input.dtype, input.shape, input.path + ".data");
  }
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

Status DecodeInput(JsonCursor* cursor, BinaryPart* binary, InferRequest* request) {
  Input input;
  input.path = cursor->Path();
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterObject());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextKey());
    if (!more) break;
    FLAMBEAU_RETURN_IF_ERROR(DecodeInputMember(cursor, &input));
  }
  FLAMBEAU_RETURN_IF_ERROR(CheckComplete(input));
  const auto same =
      std::find_if(request->inputs.begin(), request->inputs.end(),
                   [&](const NamedValue& other) { return other.name == *input.name; });
  if (same != request->inputs.end()) {
    return InvalidArgument(input.path + ".name is '" + *input.name +
                           "', as is an earlier input's: send each input once");
  }
  FLAMBEAU_ASSIGN_OR_RETURN(Tensor tensor, MakeTensor(input, binary));
  request->inputs.push_back({*std::move(input.name), Value{std::move(tensor)}});
  return OkStatus();
}

Status DecodeInputs(JsonCursor* cursor, BinaryPart* binary, InferRequest* request) {
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterArray());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextElement());
    if (!more) return OkStatus();
    FLAMBEAU_RETURN_IF_ERROR(DecodeInput(cursor, binary, request));
  }
}

Status DecodeOutputParameters(JsonCursor* cursor, RequestedOutput* output) {
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterObject());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextKey());
    if (!more) return OkStatus();
    if (cursor->key() == "binary_data") {
      FLAMBEAU_ASSIGN_OR_RETURN(output->binary, cursor->TakeBool());
    } else if (cursor->key() == "classification") {
      FLAMBEAU_ASSIGN_OR_RETURN(const int64_t classes, TakeCount(cursor));
      if (classes == 0) continue;
      return Unimplemented(cursor->Path() +
                           " is not supported: leave it out and take the largest values");
    } else if (cursor->key().starts_with("shared_memory_")) {
      return SharedMemory(*cursor);
    } else {
      FLAMBEAU_RETURN_IF_ERROR(SkipParameter(cursor));
    }
  }
}

Status DecodeOutput(JsonCursor* cursor, InferRequest* request) {
  RequestedOutput output;
  const std::string path = cursor->Path();
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterObject());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextKey());
    if (!more) break;
    if (cursor->key() == "name") {
      FLAMBEAU_ASSIGN_OR_RETURN(output.name, cursor->TakeName());
    } else if (cursor->key() == "parameters") {
      FLAMBEAU_RETURN_IF_ERROR(DecodeOutputParameters(cursor, &output));
    } else {
      FLAMBEAU_RETURN_IF_ERROR(cursor->Skip());
    }
  }
  if (output.name.empty()) return InvalidArgument(path + " has no name: name the output");
  for (const RequestedOutput& other : request->outputs) {
    if (other.name != output.name) continue;
    return InvalidArgument(path + ".name is '" + output.name +
                           "', as is an earlier output's: ask for each output once");
  }
  request->outputs.push_back(std::move(output));
  return OkStatus();
}

Status DecodeOutputs(JsonCursor* cursor, InferRequest* request) {
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterArray());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextElement());
    if (!more) return OkStatus();
    FLAMBEAU_RETURN_IF_ERROR(DecodeOutput(cursor, request));
  }
}

// Sequences are not served: only the values that mean "no sequence" pass.
Status DecodeSequenceParameter(JsonCursor* cursor) {
  FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, cursor->Kind());
  bool is_set = false;
  if (cursor->key() != "sequence_id") {
    FLAMBEAU_ASSIGN_OR_RETURN(is_set, cursor->TakeBool());
  } else if (kind == JsonKind::kString) {
    FLAMBEAU_ASSIGN_OR_RETURN(const std::string id, cursor->TakeString());
    is_set = !id.empty();
  } else {
    FLAMBEAU_ASSIGN_OR_RETURN(const int64_t id, TakeCount(cursor));
    is_set = id != 0;
  }
  if (!is_set) return OkStatus();
  return Unimplemented(cursor->Path() +
                       " is not supported: leave it out, sequences are not served");
}

Status DecodeParameter(JsonCursor* cursor, InferRequest* request) {
  const std::string& key = cursor->key();
  if (key == "timeout") {
    FLAMBEAU_ASSIGN_OR_RETURN(request->timeout_us, DecodeTimeout(cursor));
    return OkStatus();
  }
  if (key == "binary_data_output") {
    FLAMBEAU_ASSIGN_OR_RETURN(request->binary_output, cursor->TakeBool());
    return OkStatus();
  }
  if (key == "priority") {
    FLAMBEAU_ASSIGN_OR_RETURN(request->priority, TakeCount(cursor));
    return OkStatus();
  }
  if (key == "headers" ||
      (key.starts_with("triton_") && key != "triton_enable_empty_final_response")) {
    return InvalidArgument(cursor->Path() + " is reserved: leave it out");
  }
  if (key == "sequence_id" || key == "sequence_start" || key == "sequence_end") {
    return DecodeSequenceParameter(cursor);
  }
  if (key.starts_with("shared_memory_")) return SharedMemory(*cursor);
  return SkipParameter(cursor);
}

Status DecodeParameters(JsonCursor* cursor, InferRequest* request) {
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterObject());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextKey());
    if (!more) return OkStatus();
    FLAMBEAU_RETURN_IF_ERROR(DecodeParameter(cursor, request));
  }
}

bool GoesBinary(const InferRequest& request, const std::string& name) {
  for (const RequestedOutput& output : request.outputs) {
    if (output.name == name && output.binary) return *output.binary;
  }
  return request.binary_output.value_or(false);
}

// Room for the whole answer, so that it grows once at most: a float's text has about 12 characters.
size_t Estimate(const InferResult& result) {
  size_t size = 256;
  for (const NamedTensor& output : result.outputs) {
    size += 128 + output.name.size() + 3 * output.tensor.bytes();
  }
  return size;
}

Status EncodeOutput(const NamedTensor& output, bool binary, std::string* body) {
  *body += R"({"name":)";
  AppendString(output.name, body);
  *body += R"(,"datatype":")" + std::string(Name(output.tensor.dtype())) + R"(","shape":)" +
           ToString(output.tensor.shape());
  if (binary) {
    *body += R"(,"parameters":{"binary_data_size":)" + std::to_string(output.tensor.bytes()) + "}}";
    return OkStatus();
  }
  *body += R"(,"data":)";
  const Status status = AppendFlat(output.tensor, body);
  if (status.code() == StatusCode::kInvalidArgument) {
    return InvalidArgument("output '" + output.name + "' cannot be JSON, since " +
                           std::string(Message(status)) + " (parameters.binary_data)");
  }
  *body += '}';
  return status;
}

}  // namespace

Result<InferRequest> DecodeInfer(PaddedJson json, std::string_view binary,
                                 std::shared_ptr<const void> owner,
                                 const MethodFacts& /*signature*/) {
  constexpr std::string_view kExpected = R"(a JSON object with "inputs")";
  JsonCursor cursor(json.text);
  FLAMBEAU_RETURN_IF_ERROR(EnterBody(&cursor, json.text, kExpected));
  InferRequest request;
  BinaryPart part{binary, std::move(owner)};
  bool has_inputs = false;
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor.NextKey());
    if (!more) break;
    const std::string& key = cursor.key();
    if (key == "inputs") {
      has_inputs = true;
      FLAMBEAU_RETURN_IF_ERROR(DecodeInputs(&cursor, &part, &request));
    } else if (key == "outputs") {
      FLAMBEAU_RETURN_IF_ERROR(DecodeOutputs(&cursor, &request));
    } else if (key == "parameters") {
      FLAMBEAU_RETURN_IF_ERROR(DecodeParameters(&cursor, &request));
    } else if (key == "id") {
      FLAMBEAU_ASSIGN_OR_RETURN(request.id, cursor.TakeString());
    } else {
      FLAMBEAU_RETURN_IF_ERROR(cursor.Skip());
    }
  }
  FLAMBEAU_RETURN_IF_ERROR(cursor.Finish());
  if (!has_inputs) return InvalidArgument("the body has no inputs: send an array of them");
  if (part.used != binary.size()) {
    return InvalidArgument("the inputs' binary_data_size add up to " + std::to_string(part.used) +
                           " but " + std::to_string(binary.size()) +
                           " bytes of binary data follow the JSON");
  }
  return request;
}

Result<EncodedInfer> EncodeInfer(const InferResult& result, const InferRequest& request) {
  EncodedInfer encoded;
  std::string& body = encoded.body;
  body.reserve(Estimate(result));
  body += '{';
  if (!result.id.empty()) {
    body += R"("id":)";
    AppendString(result.id, &body);
    body += ',';
  }
  body += R"("model_name":)";
  AppendString(result.model, &body);
  body += R"(,"model_version":")" + std::to_string(result.version) + R"(","outputs":[)";
  std::vector<const Tensor*> binaries;
  for (const NamedTensor& output : result.outputs) {
    if (&output != &result.outputs.front()) body += ',';
    const bool binary = GoesBinary(request, output.name);
    FLAMBEAU_RETURN_IF_ERROR(EncodeOutput(output, binary, &body));
    if (binary && output.tensor.bytes() > 0) binaries.push_back(&output.tensor);
  }
  body += "]}";
  if (!binaries.empty()) encoded.header_length = body.size();
  for (const Tensor* tensor : binaries) {
    body.append(reinterpret_cast<const char*>(tensor->data()), tensor->bytes());
  }
  return encoded;
}

}  // namespace flambeau
