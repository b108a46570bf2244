// One request's trace, as the trace extension's level TIMESTAMPS has it.
// Source: Triton, docs/user_guide/trace.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace flambeau {

struct TraceStamp {
  const char* name;  // "QUEUE_START": a literal
  TimePoint at;
};

struct Trace {
  int64_t id = 0;
  int64_t log_frequency = 0;  // the setting: so many traces in one file; 0: all in one
  std::string model = {};
  int64_t version = 0;
  std::string request_id = {};
  std::vector<TraceStamp> stamps = {};  // in the order of time
};

}  // namespace flambeau
