// Model configurations, as text and as JSON: whatever is taken can be written and read back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "spec/config_file.h"
#include "spec/config_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const flambeau::ConfigPlace place{"m", ""};
  const auto pbtxt = flambeau::ParseConfigPbtxt(text, flambeau::kConfigPbtxt, place);
  const auto json = flambeau::ParseConfigJson(text, flambeau::kConfigJson, place);
  for (const auto* parsed : {&pbtxt, &json}) {
    if (!parsed->ok()) continue;
    flambeau::ModelConfig config = (*parsed)->config;
    // The protocol has no way to say that nothing was declared: the server declares what it proved.
    config.max_batch_size = config.max_batch_size.value_or(0);
    const auto again =
        flambeau::ParseConfigJson(flambeau::EncodeConfigJson(config), flambeau::kConfigJson, place);
    if (!again.ok() || again->config != config) std::abort();
  }
  return 0;
}
