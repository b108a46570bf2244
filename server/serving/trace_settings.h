// The trace extension's settings, for all models and for each. This server writes no traces: it
// keeps the settings so that clients that set them work, and does not announce the extension.
// Source: Triton extension_trace.md.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/status.h"

namespace flambeau {

using TraceValues = std::map<std::string, std::vector<std::string>>;
// Nothing: cleared, so that what is behind it counts again: all models' or the default.
using TraceUpdate = std::map<std::string, std::optional<std::vector<std::string>>>;

// Threads: any. Lifetime: `log` outlives it. Errors: Update.
class TraceSettings {
 public:
  explicit TraceSettings(Log* log) : log_(log) {}

  // What counts for `model`; "": for all.
  TraceValues Get(std::string_view model) const;
  // All of it or nothing. The caller has checked that there is such a model.
  // Errors: INVALID_ARGUMENT, one sentence.
  Result<TraceValues> Update(std::string_view model, const TraceUpdate& update);

 private:
  TraceValues Effective(const std::string& model) const;

  Log* const log_;
  mutable std::mutex mutex_;
  TraceValues global_;
  std::map<std::string, TraceValues> models_;
};

}  // namespace flambeau
