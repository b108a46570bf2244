// One model version's queue and workers: pull-based batching without a timer.
//
// An arrival that finds an idle worker runs at once; when all are busy, the next free worker takes
// what waits. Requests are merged only within a bucket (method, present arguments, each tensor's
// datatype and shape without dimension 0, every non-tensor value) and only once the method is
// proven to answer each row alone (see proof.h).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "batching/cancel.h"
#include "batching/core_permits.h"
#include "batching/known_verdict.h"

namespace flambeau {

// What a finished request was given.
struct Outcome {
  Value value;
  int64_t batch_rows = 0;  // rows of the run it was part of
  Duration queue{};
  RunTiming timing;
};

using WorkDone = std::function<void(Result<Outcome>)>;

struct Work {
  size_t method = 0;
  std::vector<Value> arguments;  // as Item::arguments; the work owns them until it is done
  TimePoint deadline = kNoDeadline;
  CancelTokenPtr cancel;  // may be null
  // Called exactly once, from any thread: a worker, the caller's own inside Submit, or the expiry
  // thread. Must not block.
  WorkDone done;
  // 1 is the highest; 0, or one that the model does not have: its default.
  uint64_t priority = 0;
  // The client's own limit on waiting in the queue, as the parameter `timeout`; zero: none. It
  // counts where Scheduler::HasQueuePolicy.
  Duration queue_timeout{};
};

// Told about every run, for metrics and observed facts.
// Threads: any. Lifetime: outlives the scheduler. Errors: none. Calls must be brief; OnQueueDepth
// comes under the scheduler's lock, in order, and must not call the scheduler.
class SchedulerObserver {
 public:
  virtual ~SchedulerObserver() = default;
  virtual void OnRun(int64_t rows, const RunTiming& timing) = 0;
  // A successful request: the arguments that worked and what they gave.
  virtual void OnSuccess(const Work& work, const Value& result) = 0;
  virtual void OnVerdict(size_t method, const Proof& proof) = 0;
  virtual void OnQueueDepth(size_t depth) = 0;
  // A row made to warm up or to prove, not a client's, that worked: tells what the result looks
  // like before the first request.
  virtual void OnProbe(size_t method, const std::vector<Value>& arguments, const Value& result) {}
};

// How requests of one priority level wait.
struct QueuePolicy {
  // A request whose queue timeout passed while it waits is refused, at that moment, or delayed:
  // served once nothing else of its level or a higher one waits.
  enum class TimeoutAction { kReject, kDelay };
  TimeoutAction timeout_action = TimeoutAction::kReject;
  Duration default_timeout{};           // zero: none
  bool allow_timeout_override = false;  // a client may ask for a shorter one, else it is ignored
  size_t max_queue_size = 0;            // zero: Options::max_queue_size
};

// Threads: every method from any thread.
// Lifetime: the destructor stops (at once: waiting work is answered UNAVAILABLE) and joins.
// Errors: Create: the model's own when an instance cannot be made, INVALID_ARGUMENT for more
// priority levels than can be had. Work: RESOURCE_EXHAUSTED if the
// queue is full, DEADLINE_EXCEEDED, CANCELLED, UNAVAILABLE while stopping, or the model's.
class Scheduler {
 public:
  struct Options {
    int instances = 1;             // forced to 1 for a model that writes its attributes
    int intra_op_threads = 1;      // permits that one run takes
    int64_t max_batch_size = 32;   // rows; limits merging, not what one client may send
    Duration max_queue_delay{};    // how long a free worker may hold a batch open
    size_t max_queue_size = 1024;  // requests waiting
    bool prove = true;             // run the dynamic proof; false: nothing is merged
    // Proofs at load that take longer go on in the background while the model serves unmerged.
    Duration proof_budget = std::chrono::seconds(10);
    // What a proof of this very model has told before: it is not run again.
    std::vector<KnownVerdict> verdicts = {};
    // A free worker waits for one of these within max_queue_delay, and takes the largest that the
    // waiting requests make exactly; empty: max_batch_size.
    std::vector<int64_t> preferred_batch_sizes = {};
    // Answers leave in the order in which requests came, failures of those let in too.
    bool preserve_ordering = false;
    // 1 to so many, at most 1024; 1 first, always: a lower one waits while a higher one may run.
    // One batch may hold several, the highest first. 0: requests have no priority.
    uint64_t priority_levels = 0;
    uint64_t default_priority = 0;  // of a request without a valid one; 0: the lowest
    QueuePolicy default_policy = {};
    std::map<uint64_t, QueuePolicy> priority_policies = {};
  };
  struct Dependencies {
    Clock* clock;
    CorePermits* permits;
    Log* log;
    SchedulerObserver* observer;  // may be null
  };

  // Makes the instances, each on its own thread, warms them up where shapes are known, and runs the
  // proof where it can; returns when the model is ready to serve.
  static Result<std::unique_ptr<Scheduler>> Create(const std::string& name,
                                                   std::shared_ptr<Model> model,
                                                   const Options& options,
                                                   const Dependencies& dependencies);
  virtual ~Scheduler() = default;

  virtual void Submit(Work work) = 0;
  // The same from a thread that has more to submit and may run the model itself (see leader.h).
  // True: no worker was woken, so that thread must call Lead() before it waits for anything.
  virtual bool SubmitToLeader(Work work) {
    Submit(std::move(work));
    return false;
  }
  // Runs a batch of what waits on the calling thread, if an instance is free and the run is known
  // to be brief; else wakes a worker for it. The caller keeps the scheduler alive meanwhile.
  virtual void Lead() {}
  // True if Submit would refuse now: lets a transport answer before it decodes.
  virtual bool Full() const = 0;
  // Whether requests of that priority have a queue policy, which then says what Work::queue_timeout
  // means; if not, it means nothing.
  virtual bool HasQueuePolicy(uint64_t priority) const { return false; }
  // The merging verdict now: the static gate's, or the dynamic one's once it has run.
  virtual Proof proof(size_t method) const = 0;
  // What proofs have told so far, for the Options of another scheduler of the same model.
  virtual std::vector<KnownVerdict> verdicts() const { return {}; }
  virtual size_t queue_depth() const = 0;
  virtual int instances() const = 0;
  // Refuses new work and answers what waits UNAVAILABLE; what runs ends. Does not wait for it.
  virtual void Stop() {}
};

}  // namespace flambeau
