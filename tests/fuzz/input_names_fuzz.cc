// Any names, one a line, as the inputs of a model that takes lists, dicts and tuples in parts.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "every_kind.h"
#include "serving/binding.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const flambeau::MethodFacts kSignature = EveryKind();
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<flambeau::NamedValue> inputs;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    inputs.push_back({std::string(text.substr(0, end)),
                      flambeau::Value{*flambeau::Tensor::Allocate(flambeau::DType::kInt64, {1})}});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const size_t sent = inputs.size();
  const auto bound = flambeau::BindArguments(kSignature, std::move(inputs));
  if (!bound.ok() && bound.status().message().empty()) std::abort();
  if (bound.ok() && (sent == 0 || bound->size() != kSignature.arguments.size())) std::abort();
  return 0;
}
