// Reads routing.json, which names versions of a model and shares requests out among them:
//   {"labels": {"stable": 3, "canary": 4}, "shares": {"canary": 10}}
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace flambeau {

inline constexpr char kRoutingJson[] = "routing.json";
// The label of the version that gets what no share takes.
inline constexpr char kStableLabel[] = "stable";

struct Routing {
  std::map<std::string, int64_t, std::less<>> labels;
  // Of the requests that name no version, in percent, by label; together at most 100.
  std::map<std::string, double> shares;

  bool operator==(const Routing&) const = default;
};

// Whether `text` may be a label: a letter, then up to 63 of [A-Za-z0-9._-].
bool IsVersionLabel(std::string_view text);

// Errors: INVALID_ARGUMENT, one sentence that names routing.json and the field.
Result<Routing> ParseRouting(std::string_view text);

// The file in a model's directory; empty if there is none. Errors: as ParseRouting.
Result<Routing> ReadRouting(const std::string& directory);

}  // namespace flambeau
