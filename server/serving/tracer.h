// Which requests are traced, from their start to the file.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "batching/scheduler.h"
#include "serving/trace.h"
#include "serving/trace_file.h"
#include "serving/trace_settings.h"

namespace flambeau {

class Tracer;

// One request that is traced.
// Threads: one at a time. Lifetime: the tracer outlives it. Errors: none.
class RequestTrace {
 public:
  RequestTrace(Tracer* tracer, Trace trace) : tracer_(tracer), trace_(std::move(trace)) {}
  void Queued();
  void Ran(const Outcome& outcome);
  // Writes it; nothing may be told of it after that.
  void End();

 private:
  Tracer* const tracer_;
  Trace trace_;
};

// Threads: any. Lifetime: what it was given outlives it. Errors: none.
class Tracer {
 public:
  struct Subject {
    const std::string& model;
    int64_t version;
    const std::string& request_id;
    TimePoint received;
  };

  Tracer(TraceSettings* settings, TraceFile* file, Clock* clock)
      : settings_(settings), file_(file), clock_(clock) {}

  // Null for a request that is not traced; while none is, one atomic load.
  std::unique_ptr<RequestTrace> Begin(const Subject& subject);

 private:
  friend class RequestTrace;
  TraceSettings* const settings_;
  TraceFile* const file_;
  Clock* const clock_;
};

}  // namespace flambeau
