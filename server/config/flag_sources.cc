#include "config/flag_sources.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

namespace flambeau {
namespace {

constexpr std::streamsize kMaxConfigBytes = 1 << 20;

Result<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return InvalidArgument("--config " + path + " cannot be read");
  std::string text(kMaxConfigBytes + 1, '\0');
  file.read(text.data(), kMaxConfigBytes + 1);
  if (file.gcount() > kMaxConfigBytes) {
    return InvalidArgument("--config " + path + " is larger than 1 MiB");
  }
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

std::string FlagOfKey(std::string key) {
  std::replace(key.begin(), key.end(), '_', '-');
  return "--" + key;
}

Status AddFile(const std::vector<std::string>& flags, const std::string& path,
               SourcedFlags* sourced) {
  FLAMBEAU_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  std::set<std::string> seen;  // by flag: "http-port" and "http_port" are one
  std::string twice;
  const auto note_key = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& key) {
    if (depth != 1 || event != nlohmann::json::parse_event_t::key) return true;
    if (!seen.insert(FlagOfKey(key.get<std::string>())).second) twice = key.get<std::string>();
    return true;
  };
  const auto json = nlohmann::json::parse(text, note_key, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    return InvalidArgument("--config " + path + " does not hold one JSON object");
  }
  if (!twice.empty()) {
    return InvalidArgument("--config " + path + ": '" + twice + "' is there twice; set it once");
  }
  for (const auto& [key, value] : json.items()) {
    const std::string flag = FlagOfKey(key);
    if (std::find(flags.begin(), flags.end(), flag) == flags.end()) {
      return InvalidArgument("--config " + path + ": there is no setting '" + key +
                             "'; settings are flags without their dashes, as \"http-port\"");
    }
    if (!value.is_string() && !value.is_number() && !value.is_boolean()) {
      return InvalidArgument("--config " + path + ": '" + key +
                             "' must be a string, a number or true or false");
    }
    sourced->arguments.push_back(flag + "=" +
                                 (value.is_string() ? value.get<std::string>() : value.dump()));
    sourced->origin[flag] = path;
  }
  return OkStatus();
}

}  // namespace

std::string EnvironmentName(const std::string& flag) {
  std::string name = "FLAMBEAU_" + flag.substr(2);
  for (char& c : name) {
    c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

Result<SourcedFlags> CollectFlags(const std::vector<std::string>& flags,
                                  const std::string& config_path) {
  SourcedFlags sourced;
  if (!config_path.empty()) FLAMBEAU_RETURN_IF_ERROR(AddFile(flags, config_path, &sourced));
  for (const std::string& flag : flags) {
    const std::string name = EnvironmentName(flag);
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') continue;
    sourced.arguments.push_back(flag + "=" + value);
    sourced.origin[flag] = name;
  }
  return sourced;
}

}  // namespace flambeau
