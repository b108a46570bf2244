#include "spec/routing.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "spec/model_files.h"

namespace flambeau {
namespace {

using Json = nlohmann::json;

constexpr size_t kMostBytes = size_t{1} << 20;
constexpr size_t kLongestLabel = 64;
constexpr double kWhole = 100;

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool IsLabelCharacter(char c) {
  return IsLetter(c) || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

Status Wrong(const std::string& what) {
  return InvalidArgument(std::string(kRoutingJson) + ": " + what + ".");
}

Status ReadLabels(const Json& json, Routing* routing) {
  if (!json.is_object()) return Wrong("labels must be an object of versions by label");
  for (const auto& [label, version] : json.items()) {
    if (!IsVersionLabel(label)) {
      return Wrong("labels: '" + label +
                   "' must be a letter, then up to 63 letters, digits, '.', '_' or '-'");
    }
    if (!version.is_number_integer() || version < 1) {
      return Wrong("labels." + label + " must be a version, a whole number from 1");
    }
    routing->labels[label] = version.get<int64_t>();
  }
  return OkStatus();
}

Status ReadShares(const Json& json, Routing* routing) {
  if (!json.is_object()) return Wrong("shares must be an object of percentages by label");
  double sum = 0;
  for (const auto& [label, percent] : json.items()) {
    if (routing->labels.count(label) == 0) {
      return Wrong("shares." + label + " must be one of labels");
    }
    if (label == kStableLabel) {
      return Wrong("shares.stable must be left out: it gets what no other share takes");
    }
    if (!percent.is_number() || percent < 0 || percent > kWhole) {
      return Wrong("shares." + label + " must be a percentage from 0 to 100");
    }
    routing->shares[label] = percent.get<double>();
    sum += routing->shares[label];
  }
  if (sum > kWhole) return Wrong("shares must be at most 100 percent together");
  return OkStatus();
}

}  // namespace

bool IsVersionLabel(std::string_view text) {
  return !text.empty() && text.size() <= kLongestLabel && IsLetter(text.front()) &&
         std::all_of(text.begin(), text.end(), IsLabelCharacter);
}

Result<Routing> ParseRouting(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Wrong("it is not valid JSON");
  if (!json.is_object()) return Wrong("it must be an object with labels and shares");
  for (const auto& [key, value] : json.items()) {
    if (key != "labels" && key != "shares") {
      return Wrong("'" + key + "' is not known; it holds labels and shares");
    }
  }
  Routing routing;
  if (json.contains("labels")) FLAMBEAU_RETURN_IF_ERROR(ReadLabels(json["labels"], &routing));
  if (json.contains("shares")) FLAMBEAU_RETURN_IF_ERROR(ReadShares(json["shares"], &routing));
  return routing;
}

Result<Routing> ReadRouting(const std::string& directory) {
  const Result<std::string> text = ReadInside(directory, kRoutingJson, kMostBytes);
  if (text.status().code() == StatusCode::kNotFound) return Routing{};
  FLAMBEAU_RETURN_IF_ERROR(text.status());
  return ParseRouting(*text);
}

}  // namespace flambeau
