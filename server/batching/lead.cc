// What a leader does with PullScheduler: it borrows an idle worker's instance for one batch.
#include <chrono>
#include <utility>

#include "batching/pull_scheduler.h"

namespace flambeau {
namespace {

// Of the run that is predicted: longer ones would keep the thread's other connections waiting for
// more than the two wake-ups that leading saves.
constexpr Duration kLongestLed = std::chrono::microseconds(200);

}  // namespace

// Only where a worker idles: if all are busy, the next to be free takes it.
bool PullScheduler::MayWaitForTurn(const Bucket& bucket, TimePoint now) const {
  return !idle_.empty() && queue_.ReadyAt(bucket) <= now;
}

void PullScheduler::Lead() {
  Worker* const worker = Borrow();
  if (worker == nullptr) return;
  RunBatch(*worker);
  Return(*worker);
}

// A worker with a batch and permits for it. Null: there is nothing to run, or its own thread does.
PullScheduler::Worker* PullScheduler::Borrow() {
  const std::lock_guard lock(mutex_);
  queue_.EndPromises();
  if (queue_.size() == 0 || stopping_) return nullptr;
  const TimePoint now = dependencies_.clock->Now();
  if (!leads_ || idle_.empty() || !queue_.BriefReady(now, kLongestLed) ||
      !dependencies_.permits->TryAcquire(options_.intra_op_threads)) {
    WakeForRest(now);
    return nullptr;
  }
  Worker* const worker = idle_.back();
  idle_.pop_back();
  worker->lent = true;
  TakeBatch(*worker, {kLongestLed, 1});
  return worker;
}

// Its thread goes on with what has come meanwhile, or stays asleep.
void PullScheduler::Return(Worker& worker) {
  const std::lock_guard lock(mutex_);
  worker.lent = false;
  TimePoint next = kNoDeadline;
  const bool ready = !queue_.AllPromised() && queue_.Ready(dependencies_.clock->Now(), &next);
  if (!ready && !stopping_ && (next == kNoDeadline || timekeeper_ != nullptr)) {
    idle_.push_back(&worker);
    return;
  }
  worker.signalled = true;
  worker.wake.notify_one();
}

}  // namespace flambeau
