// What a worker of PullScheduler does, from its first run to its last.
#include <sys/prctl.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/wake_scope.h"
#include "batching/permitted_instance.h"
#include "batching/pull_scheduler.h"
#include "batching/warm_up.h"

namespace flambeau {
namespace {

// A batch's clients come back within this part of its run, or are not waited for.
constexpr int kRegroupPart = 20;  // 5 %
// Waking up takes this long: a shorter wait would become a longer one.
constexpr Duration kShortestWait = std::chrono::microseconds(15);
constexpr int kAverageWeight = 8;

BatchRunner::Retry RetryFor(const Facts& facts) {
  if (facts.writes_state) return BatchRunner::Retry::kNever;
  return facts.device == "cpu" ? BatchRunner::Retry::kAlways
                               : BatchRunner::Retry::kUnderstoodErrors;
}

}  // namespace

void PullScheduler::WorkerMain(Worker& worker) {
  // The kernel rounds a thread's timers up by 50 us unless told otherwise; regrouping waits for
  // less.
  prctl(PR_SET_TIMERSLACK, 1);
  Result<std::unique_ptr<Instance>> instance = model_->NewInstance();
  const Status status = instance.status();
  if (status.ok()) {
    worker.instance = *std::move(instance);
    WarmUpWorker(worker);
  }
  {
    const std::lock_guard lock(mutex_);
    start_status_.Update(status);
    ++workers_started_;
    started_.notify_all();
  }
  if (worker.instance != nullptr) Serve(worker);
  worker.runner.reset();
  worker.instance.reset();  // on the thread that made it
}

void PullScheduler::WarmUpWorker(Worker& worker) {
  const Facts& facts = model_->facts();
  if (facts.writes_state) return;  // its state is the requests' alone
  WarmUpOptions options;
  for (size_t method = 0; method < verdicts_.methods(); ++method) {
    options.max_batch_size.push_back(verdicts_.Provable(method) ? options_.max_batch_size : 1);
  }
  OnWarmRow on_row;
  SchedulerObserver* observer = dependencies_.observer;
  if (observer != nullptr && &worker == workers_.front().get()) {
    on_row = [observer](size_t method, const std::vector<Value>& arguments, const Value& result) {
      observer->OnProbe(method, arguments, result);
    };
  }
  PermittedInstance instance(worker.instance.get(), dependencies_.permits,
                             options_.intra_op_threads);
  const Status status = WarmUp(instance, facts, options, *dependencies_.clock, on_row);
  if (status.ok()) return;
  dependencies_.log->Warning("warm-up incomplete", {{"model", name_}, {"reason", Message(status)}});
}

void PullScheduler::Serve(Worker& worker) {
  worker.runner.emplace(
      BatchRunner::Dependencies{worker.instance.get(), dependencies_.clock, dependencies_.observer},
      RetryFor(model_->facts()));
  std::unique_lock lock(mutex_);
  while (AwaitWork(worker, lock)) {
    // Permits first, the batch after: what arrives while we wait for a core is merged.
    AcquirePermits(lock);
    TakeBatch(worker, {Duration::max(), Takers()});
    lock.unlock();
    RunBatch(worker);
    lock.lock();
  }
  // Bounded by the leader's run.
  while (worker.lent) dependencies_.clock->WaitUntil(worker.wake, lock, kNoDeadline);
}

bool PullScheduler::AwaitWork(Worker& worker, std::unique_lock<std::mutex>& lock) {
  Clock& clock = *dependencies_.clock;
  while (!stopping_) {
    TimePoint next = kNoDeadline;
    if (!queue_.AllPromised() && queue_.Ready(clock.Now(), &next)) return true;
    if (next != kNoDeadline && timekeeper_ == nullptr) {
      timekeeper_ = &worker;
      timekeeper_until_ = next;
      clock.WaitUntil(worker.wake, lock, next);
      timekeeper_ = nullptr;
      continue;
    }
    worker.signalled = false;
    idle_.push_back(&worker);
    while (!worker.signalled && !stopping_) clock.WaitUntil(worker.wake, lock, kNoDeadline);
  }
  return false;
}

void PullScheduler::AcquirePermits(std::unique_lock<std::mutex>& lock) {
  if (dependencies_.permits->TryAcquire(options_.intra_op_threads)) return;
  lock.unlock();
  dependencies_.permits->Acquire(options_.intra_op_threads);
  lock.lock();
}

// Who could run at once: the caller, which has its cores, and workers for which there are some,
// whether they idle, are waking up or wait for a held bucket.
int64_t PullScheduler::Takers() {
  const int64_t cores = dependencies_.permits->available() / options_.intra_op_threads;
  return 1 + std::min<int64_t>(cores, options_.instances - running_ - 1);
}

void PullScheduler::TakeBatch(Worker& worker, const PendingQueue::TakeOptions& options) {
  const TimePoint now = dependencies_.clock->Now();
  queue_.Take(now, options, &worker.batch);
  if (!worker.batch.items.empty()) ++running_;
  SetDepth();
  WakeForRest(now);
}

// What is left is somebody else's: another bucket, or more than one batch.
void PullScheduler::WakeForRest(TimePoint now) {
  if (queue_.AllPromised()) return;
  TimePoint next = kNoDeadline;
  const bool ready = queue_.Ready(now, &next);
  if (!idle_.empty()) {
    if (ready || timekeeper_ == nullptr) PopIdle()->wake.notify_one();
  } else if (ready && timekeeper_ != nullptr) {
    timekeeper_->wake.notify_one();
  }
}

void PullScheduler::RunBatch(Worker& worker) {
  Batch& batch = worker.batch;
  for (PendingPtr& pending : batch.dropped) {
    Status status = WhyDropped(*pending);
    Answer(std::move(pending), std::move(status));
  }
  batch.dropped.clear();
  BatchRunner::Report report;
  if (!batch.items.empty()) report = worker.runner->Run(batch.items);
  dependencies_.permits->Release(options_.intra_op_threads);
  if (!batch.items.empty()) FinishBatch(batch, report);
  const WakeScope wakes;
  for (PendingPtr& pending : batch.items) Answer(std::move(pending));
  batch.items.clear();
}

// Before the answers: their clients may be back before the last one is given.
void PullScheduler::FinishBatch(Batch& batch, const BatchRunner::Report& report) {
  Variant* variant = nullptr;
  Prover::Task task{nullptr, 0, {}, 0};
  {
    const std::lock_guard lock(mutex_);
    variant = batch.bucket->variant;  // found late for a bucket that had none
    --running_;
    NoteRun(*batch.bucket, batch.items.size(), report.elapsed);
    batch.bucket->cost.Note(std::max<int64_t>(batch.rows, 1), report.elapsed);
    if (batch.template_wanted) TakeTemplate(batch, &task);
    queue_.Finish(&batch);
  }
  if (task.variant != nullptr) prover_->Add(std::move(task));
  if (report.merge_failed) RefuseMerging(variant);
}

// In a closed loop n clients wait for one answer each. Without a pause the first to come back would
// run alone, then the other n - 1, and so on; so the bucket is held until they are all back, but
// never for more than a small part of what their run took.
void PullScheduler::NoteRun(Bucket& bucket, size_t items, Duration elapsed) {
  if (bucket.typical_run == Duration::zero()) bucket.typical_run = elapsed;
  bucket.typical_run += (elapsed - bucket.typical_run) / kAverageWeight;
  if (items < 2) return;
  const Duration pause = std::min(elapsed, bucket.typical_run) / kRegroupPart;
  if (pause < kShortestWait) return;
  bucket.regroup_until = dependencies_.clock->Now() + pause;
  bucket.regroup_target = bucket.waiting.size() + items;
}

// The first request of a variant that worked; the proof begins with it.
void PullScheduler::TakeTemplate(const Batch& batch, Prover::Task* task) {
  const auto worked = std::find_if(batch.items.begin(), batch.items.end(),
                                   [](const PendingPtr& p) { return p->answer->ok(); });
  Variant* variant = batch.bucket->variant;
  if (worked == batch.items.end() || variant->state != Variant::State::kWanted || stopping_) return;
  variant->state = Variant::State::kRunning;
  *task = {variant, variant->method, (*worked)->work.arguments, variant->attempts};
}

// The proof was wrong about this variant: the model fails merged and works alone.
void PullScheduler::RefuseMerging(Variant* variant) {
  const Proof proof{Verdict::kRefused,
                    "a batch failed though each of its requests worked by itself"};
  {
    const std::lock_guard lock(mutex_);
    if (variant->proof.verdict != Verdict::kProven) return;
  }
  Decide(variant, proof, 0);
}

}  // namespace flambeau
