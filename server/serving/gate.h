// What every request passes, whatever its transport, in the order of the list in gate.cc.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

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
  // The earlier of the deadline and `timeout_us` after the request came in.
  void Tighten(int64_t timeout_us);
  void SetModel(std::string model, int64_t version);
  // Counts and logs the request, once; later calls do nothing.
  void Finish(const Status& status);

 private:
  friend class Gate;
  Ticket(Gate* gate, RequestContext context, TimePoint received, TimePoint deadline);

  Gate* gate_;  // null once moved from or finished
  RequestContext context_;
  TimePoint received_;
  TimePoint deadline_;
  std::string model_;
  int64_t version_ = 0;
};

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
  void Finish(const Ticket& ticket, const Status& status);

  const Options options_;
  Clock* const clock_;
  Log* const log_;
  Metrics* const metrics_;
  std::atomic<bool> draining_{false};
  std::atomic<size_t> in_flight_{0};
  std::atomic<uint64_t> next_id_{0};
  std::mutex mutex_;
  std::condition_variable idle_;
};

}  // namespace flambeau
