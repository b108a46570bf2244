#include <algorithm>
#include <charconv>

#include "repository/declaration.h"

namespace flambeau {
namespace {

// The i of "<name>__<i>"; nothing if the name is not of that form.
std::optional<size_t> IndexOf(const std::string& name) {
  const size_t at = name.rfind("__");
  if (at == std::string::npos || at == 0 || at + 2 == name.size()) return std::nullopt;
  size_t index = 0;
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + at + 2, end, index);
  if (error != std::errc() || stop != end) return std::nullopt;
  return index;
}

}  // namespace

std::vector<std::optional<size_t>> MatchNames(const std::vector<std::string>& declared,
                                              const std::vector<std::string>& own) {
  std::vector<std::optional<size_t>> matches(declared.size());
  bool by_order = true;
  for (size_t i = 0; i < declared.size(); ++i) {
    // A dictionary's key k is "result.k".
    const auto found = std::find_if(own.begin(), own.end(), [&](const std::string& name) {
      return name == declared[i] || name == "result." + declared[i];
    });
    const std::optional<size_t> index = IndexOf(declared[i]);
    if (found != own.end()) {
      matches[i] = found - own.begin();
    } else if (index && *index < own.size()) {
      matches[i] = index;
    }
    if (found != own.end() || index) by_order = false;
  }
  for (size_t i = 0; by_order && i < std::min(declared.size(), own.size()); ++i) matches[i] = i;
  return matches;
}

}  // namespace flambeau
