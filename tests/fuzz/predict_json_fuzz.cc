// Any body as a /predict request to a model that takes an argument of every kind.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "every_kind.h"
#include "wire/predict.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const flambeau::MethodFacts kSignature = EveryKind();
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto request = flambeau::DecodePredict({body}, kSignature);
  if (!request.ok()) {
    if (request.status().message().empty()) std::abort();
    return 0;
  }
  for (const auto& input : request->inputs) {
    flambeau::InferResult result;
    result.id = request->id;
    result.value = input.value;
    if (!flambeau::EncodePredict(result).ok()) std::abort();
  }
  return 0;
}
