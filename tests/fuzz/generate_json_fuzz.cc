// Any body as a generate request to a model that takes an argument of every kind.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "every_kind.h"
#include "wire/generate.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const flambeau::MethodFacts kSignature = EveryKind();
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto request = flambeau::DecodeGenerate({body}, kSignature);
  if (!request.ok()) {
    if (request.status().message().empty()) std::abort();
    return 0;
  }
  flambeau::InferResult result;
  result.id = request->id;
  for (const auto& input : request->inputs) {
    if (const auto* tensor = input.value.tensor()) result.outputs.push_back({input.name, *tensor});
  }
  if (!flambeau::EncodeGenerate(result).ok()) std::abort();
  return 0;
}
