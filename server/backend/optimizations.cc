#include "backend/optimizations.h"

#include <algorithm>

namespace flambeau {

std::string_view Name(Optimization optimization) {
  switch (optimization) {
    case Optimization::kFreeze:
      return "freeze";
    case Optimization::kOptimizeForInference:
      return "optimize-for-inference";
    case Optimization::kChannelsLast:
      return "channels-last";
  }
  return "freeze";
}

std::string ToString(Optimizations optimizations) {
  std::string text;
  for (const Optimization one : kOptimizations) {
    if (optimizations.Has(one)) (text += text.empty() ? "" : ",") += Name(one);
  }
  return text.empty() ? "none" : text;
}

std::optional<Optimizations> ParseOptimizations(std::string_view text) {
  if (text == "all") return Optimizations::All();
  Optimizations set;
  if (text == "none") return set;
  while (true) {
    const std::string_view word = text.substr(0, text.find(','));
    const auto one = std::find_if(kOptimizations.begin(), kOptimizations.end(),
                                  [word](Optimization known) { return Name(known) == word; });
    if (one == kOptimizations.end()) return std::nullopt;
    set.Add(*one);
    if (word.size() == text.size()) return set;
    text.remove_prefix(word.size() + 1);
  }
}

}  // namespace flambeau
