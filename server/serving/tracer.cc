#include "serving/tracer.h"

#include <optional>
#include <utility>

namespace flambeau {

std::unique_ptr<RequestTrace> Tracer::Begin(const Subject& subject) {
  if (!settings_->on()) return nullptr;
  const std::optional<TraceSample> sample = settings_->Sample(subject.model);
  if (!sample) return nullptr;
  return std::make_unique<RequestTrace>(this, Trace{sample->id,
                                                    sample->log_frequency,
                                                    subject.model,
                                                    subject.version,
                                                    subject.request_id,
                                                    {{"REQUEST_START", subject.received}}});
}

void RequestTrace::Queued() { trace_.stamps.push_back({"QUEUE_START", tracer_->clock_->Now()}); }

void RequestTrace::Ran(const Outcome& outcome) {
  TimePoint at = trace_.stamps.back().at + outcome.queue;
  trace_.stamps.push_back({"COMPUTE_START", at});
  trace_.stamps.push_back({"COMPUTE_INPUT_END", at += outcome.timing.gather});
  trace_.stamps.push_back({"COMPUTE_OUTPUT_START", at += outcome.timing.compute});
  trace_.stamps.push_back({"COMPUTE_END", at += outcome.timing.scatter});
}

void RequestTrace::End() {
  trace_.stamps.push_back({"REQUEST_END", tracer_->clock_->Now()});
  tracer_->file_->Write(std::move(trace_));
}

}  // namespace flambeau
