#include <utility>
#include <vector>

#include "codec/json_numbers.h"
#include "wire/infer.h"

namespace flambeau {
namespace {

bool GoesBinary(const InferRequest& request, const std::string& name) {
  for (const RequestedOutput& output : request.outputs) {
    if (output.name == name && output.binary) return *output.binary;
  }
  return request.binary_output.value_or(false);
}

// Where an output went in shared memory; null if it goes into the answer.
const SharedMemoryPlace* PlaceOf(const InferRequest& request, const std::string& name) {
  for (const RequestedOutput& output : request.outputs) {
    if (output.name == name && output.shared_memory) return &*output.shared_memory;
  }
  return nullptr;
}

// binary_data_size, 0, is for Triton's C++ client, which fails where parameters have none.
void AppendPlace(const SharedMemoryPlace& place, size_t bytes, std::string* body) {
  *body += R"(,"parameters":{"shared_memory_region":)";
  AppendString(place.region, body);
  *body += R"(,"shared_memory_offset":)" + std::to_string(place.offset) +
           R"(,"shared_memory_byte_size":)" + std::to_string(bytes) + R"(,"binary_data_size":0}})";
}

// Room for the whole answer, so that it grows once at most: a float's text has about 12 characters.
// No more than that: memory in tens of MiB comes from the kernel anew, page by page, each time.
size_t Estimate(const InferResult& result, const InferRequest& request) {
  size_t size = 256;
  for (const NamedTensor& output : result.outputs) {
    size += 128 + output.name.size();
    if (PlaceOf(request, output.name) != nullptr) continue;
    size += (GoesBinary(request, output.name) ? 1 : 3) * output.tensor.bytes();
  }
  return size;
}

Status EncodeOutput(const NamedTensor& output, bool binary, const SharedMemoryPlace* place,
                    std::string* body) {
  *body += R"({"name":)";
  AppendString(output.name, body);
  *body += R"(,"datatype":")" + std::string(Name(output.tensor.dtype())) + R"(","shape":)" +
           ToString(output.tensor.shape());
  if (place != nullptr) {
    AppendPlace(*place, output.tensor.bytes(), body);
    return OkStatus();
  }
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

void BeginAnswer(const InferResult& result, std::string* body) {
  *body += '{';
  if (!result.id.empty()) {
    *body += R"("id":)";
    AppendString(result.id, body);
    *body += ',';
  }
  *body += R"("model_name":)";
  AppendString(result.model, body);
  *body += R"(,"model_version":")" + std::to_string(result.version) + '"';
}

Result<EncodedInfer> EncodeInfer(const InferResult& result, const InferRequest& request) {
  EncodedInfer encoded;
  std::string& body = encoded.body;
  body.reserve(Estimate(result, request));
  BeginAnswer(result, &body);
  body += R"(,"outputs":[)";
  std::vector<const Tensor*> binaries;
  for (const NamedTensor& output : result.outputs) {
    if (&output != &result.outputs.front()) body += ',';
    const SharedMemoryPlace* const place = PlaceOf(request, output.name);
    const bool binary = place == nullptr && GoesBinary(request, output.name);
    FLAMBEAU_RETURN_IF_ERROR(EncodeOutput(output, binary, place, &body));
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
