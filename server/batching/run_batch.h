// Runs a batch, and finds the bad request in one that fails.
#pragma once

#include <span>
#include <vector>

#include "batching/pending_queue.h"
#include "batching/result_slots.h"

namespace flambeau {

// One worker's runs. Every request of a batch has its `answer` afterwards.
// Threads: the instance's own. Lifetime: its dependencies outlive it. Errors: in the answers.
class BatchRunner {
 public:
  enum class Retry {
    kNever,  // the model writes its state: a second run is not the first
    // After a device's internal error nothing can be trusted there; only errors that the backend
    // has understood are retried.
    kUnderstoodErrors,
    kAlways,
  };
  struct Dependencies {
    Instance* instance;
    Clock* clock;
    SchedulerObserver* observer;  // may be null
  };
  BatchRunner(const Dependencies& dependencies, Retry retry);

  struct Report {
    Duration elapsed{};         // of the whole batch's run, without retries
    bool merge_failed = false;  // the batch failed, yet every request of it alone succeeded
  };
  Report Run(const std::vector<PendingPtr>& batch);

 private:
  // Answers those of `group` that succeed, or fail alone; splits the rest and runs them again.
  void RunGroup(std::span<Pending* const> group);
  Status RunOnce(std::span<Pending* const> group, std::vector<Pending*>* failed);
  bool MayRetry(const Status& status) const;
  void DropDead(std::vector<Pending*>* group) const;

  const Dependencies dependencies_;
  const Retry retry_;
  ResultSlots slots_;
  std::vector<Item> items_;
  Duration last_elapsed_{};
};

// Answers with what `pending` holds. No lock is held: the callback may submit again.
void Answer(PendingPtr pending);
void Answer(PendingPtr pending, Status status);
// DEADLINE_EXCEEDED or CANCELLED, whichever it is.
Status WhyDropped(const Pending& pending);

}  // namespace flambeau
