// The trace extension's settings, for all models and for each, and which request they choose.
// Source: Triton extension_trace.md.
#pragma once

#include <atomic>
#include <cstdint>
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

// A request to be traced.
struct TraceSample {
  int64_t id;
  int64_t log_frequency;
};

// Threads: any. Lifetime: `log` outlives it. Errors: Update.
class TraceSettings {
 public:
  // `file`: the trace file's name as clients see it; empty: there is none, nothing is traced, and
  // the settings are only kept, so that clients that set them work.
  explicit TraceSettings(Log* log, const std::string& file = "");

  // What counts for `model`; "": for all.
  TraceValues Get(std::string_view model) const;
  // All of it or nothing. The caller has checked that there is such a model.
  // Errors: INVALID_ARGUMENT, one sentence.
  Result<TraceValues> Update(std::string_view model, const TraceUpdate& update);

  // False: no request is traced, so Sample need not be asked.
  bool on() const { return on_.load(std::memory_order_relaxed); }
  // Counts one request of `model`; nothing if it is not one to be traced.
  std::optional<TraceSample> Sample(const std::string& model);

 private:
  // What was set for all models or one, and how far its sampling is.
  struct Scope {
    TraceValues values;
    bool timestamps = false;
    int64_t rate = 1;
    int64_t left = -1;  // -1: without end
    int64_t log_frequency = 0;
    int64_t seen = 0;
  };

  // With the lock held.
  TraceValues Effective(const Scope& scope) const;
  const Scope& ScopeOf(std::string_view model) const;
  void Restart(Scope* scope) const;
  void Publish();

  Log* const log_;
  const TraceValues defaults_;
  const bool has_file_;
  std::atomic<bool> on_{false};
  mutable std::mutex mutex_;
  Scope global_;
  std::map<std::string, Scope, std::less<>> models_;
  int64_t next_id_ = 1;
};

}  // namespace flambeau
