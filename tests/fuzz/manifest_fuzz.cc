// flambeau.json: whatever is taken completes a configuration without a name twice; and answers held
// against a response never read beyond it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "spec/manifest.h"
#include "wire/compare_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto manifest = flambeau::ParseManifest(text);
  if (manifest.ok()) {
    flambeau::ModelConfig config;
    flambeau::Complete(*manifest, &config);
    const auto forward = manifest->methods.find("forward");
    if (forward != manifest->methods.end() && config.inputs != forward->second.inputs) std::abort();
  }
  std::string padded(text);
  padded.resize(size + flambeau::kJsonPadding);
  const flambeau::Value answer{flambeau::ValueList{
      {flambeau::Value{*flambeau::Tensor::Allocate(flambeau::DType::kInt64, {0})},
       flambeau::Value{std::string("a")}, flambeau::Value{}}}};
  (void)flambeau::CompareAnswer(answer, {std::string_view(padded).substr(0, size)}, std::nullopt);
  return 0;
}
