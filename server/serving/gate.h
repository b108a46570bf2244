// What every request passes, whatever its transport, in the order of the list in gate.cc.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "metrics/metrics.h"
#include "serving/request.h"

namespace flambeau {

class Gate;

// A request's place among those in flight. Move-only.
// Threads: one at a time. Lifetime: the gate outlives it; destroyed unfinished, it is finished as
// CANCELLED.
class Ticket {
 public:
  Ticket(Ticket&& other) noexcept;
  Ticket& operator=(Ticket&& other) noexcept;
  ~Ticket();

  const std::string& request_id() const { return context_.request_id; }
  const RequestContext& context() const { return context_; }
  TimePoint deadline() const { return deadline_; }
  TimePoint received() const { return received_; }
  // The earlier of the deadline and `timeout_us` after the request came in.
  void Tighten(int64_t timeout_us);
  // From now on the request counts under this model; `metrics` may be null.
  void SetModel(std::string model, int64_t version, std::shared_ptr<ModelMetrics> metrics);
  // How long ago the request came in.
  Duration Age() const;
  // Counts and logs the request, once; later calls do nothing.
  void Finish(const Status& status);

 private:
  friend class Gate;
  Ticket(Gate* gate, RequestContext context, TimePoint received, TimePoint deadline);

  Gate* gate_;  // null once moved from or finished, or if never admitted
  RequestContext context_;
  TimePoint received_;
  TimePoint deadline_;
  std::string model_;
  int64_t version_ = 0;
  std::shared_ptr<ModelMetrics> metrics_;
};

// Whether `id` may be a request's id: 1 to 128 of [A-Za-z0-9._-].
bool IsRequestId(std::string_view id);

// Threads: any. Lifetime: outlives every ticket. Errors: Admit.
class Gate {
 public:
  struct Options {
    Duration request_timeout = std::chrono::milliseconds(60000);
    size_t max_in_flight = 8192;  // across models; queues have bounds of their own
  };

  Gate(const Options& options, Clock* clock, Log* log, Metrics* metrics);

  // Errors: UNAVAILABLE while draining, RESOURCE_EXHAUSTED over max_in_flight. Refusals are counted
  // and logged here.
  Result<Ticket> Admit(RequestContext context);

  // From now on everything new is refused and ready is false.
  void BeginDrain();
  bool draining() const { return draining_.load(); }
  size_t in_flight() const { return in_flight_.load(); }
  // Waits until nothing is in flight, at most until `deadline`; true if so.
  bool WaitIdle(TimePoint deadline);

 private:
  friend class Ticket;
  friend struct GateEntry;  // the list in gate.cc
  struct Passage;           // a request on its way through the list

  Status Identify(Passage* passage);
  Status Admission(Passage* passage);
  Status SetDeadline(Passage* passage);
  void Leave();
  void Count(const Ticket& ticket, const Status& status);

  const Options options_;
  Clock* const clock_;
  Log* const log_;
  Metrics* const metrics_;
  std::atomic<bool> draining_{false};
  std::atomic<size_t> in_flight_{0};
  const uint64_t id_seed_;
  std::atomic<uint64_t> next_id_{0};
  std::atomic<int> waiting_{0};  // threads in WaitIdle
  std::mutex mutex_;
  std::condition_variable idle_;
};

}  // namespace flambeau
