// Reads a model's configuration: Triton's config.pbtxt (protobuf's text format), or the same fields
// as config.json. Source: Triton's model_config.proto and its documentation.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "spec/model_config.h"

namespace flambeau {

inline constexpr char kConfigPbtxt[] = "config.pbtxt";
inline constexpr char kConfigJson[] = "config.json";

struct ParsedConfig {
  ModelConfig config;
  // One sentence for each field that is set and has no effect here.
  std::vector<std::string> warnings;
};

// What a configuration is read for: the model's name and its directory, in which label and warm-up
// files lie (empty: the model has none, and a config may name no file).
struct ConfigPlace {
  std::string model;
  std::string directory;
};

// The file in the model's directory; nothing if there is none.
// Errors: INVALID_ARGUMENT, one sentence that names the file, the line (JSON: the path) and the
// field.
Result<std::optional<ParsedConfig>> ReadConfig(const ConfigPlace& place);

// The same for a text; `source` names it in errors.
Result<ParsedConfig> ParseConfigPbtxt(std::string_view text, std::string_view source,
                                      const ConfigPlace& place);
Result<ParsedConfig> ParseConfigJson(std::string_view text, std::string_view source,
                                     const ConfigPlace& place);

}  // namespace flambeau
