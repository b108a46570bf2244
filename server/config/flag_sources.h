// The environment and the config file, turned into flags that stand before the command line's own.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/status.h"

namespace flambeau {

// Flags in order of precedence, weakest first; the last one of a name wins.
struct SourcedFlags {
  std::vector<std::string> arguments;         // "--http-port=9000"
  std::map<std::string, std::string> origin;  // "--http-port" -> "FLAMBEAU_HTTP_PORT"
};

// "--http-port" -> "FLAMBEAU_HTTP_PORT".
std::string EnvironmentName(const std::string& flag);

// `flags`: every flag there is, as "--http-port". `config_path`: --config's value, "" for none.
// The file is one JSON object; a key is a flag's name with dashes or underscores, a value a string,
// number or boolean.
// Errors: INVALID_ARGUMENT, one sentence that names the file and the key.
Result<SourcedFlags> CollectFlags(const std::vector<std::string>& flags,
                                  const std::string& config_path);

}  // namespace flambeau
