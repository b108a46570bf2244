// Any body as an infer request: JSON, then binary data after the first NUL.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "wire/infer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const size_t split = std::min(body.find('\0'), body.size());
  const std::string_view binary = split < size ? body.substr(split + 1) : std::string_view();
  const flambeau::SharedMemory off({});
  const auto request = flambeau::DecodeInfer({body.substr(0, split)}, binary, nullptr, off);
  if (!request.ok()) {
    if (request.status().message().empty()) std::abort();
    return 0;
  }
  // What was taken can be answered with: every input as an output.
  flambeau::InferResult result;
  result.id = request->id;
  for (const auto& input : request->inputs) {
    result.outputs.push_back({input.name, *input.value.tensor()});
  }
  const auto encoded = flambeau::EncodeInfer(result, *request);
  if (encoded.ok() && encoded->header_length > encoded->body.size()) std::abort();
  return 0;
}
