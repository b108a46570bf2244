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
    const auto again = flambeau::ParseConfigJson(flambeau::EncodeConfigJson((*parsed)->config),
                                                 flambeau::kConfigJson, place);
    if (!again.ok() || again->config != (*parsed)->config) std::abort();
  }
  return 0;
}
