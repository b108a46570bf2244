// The Scheduler: one mutex, one queue, workers that pull.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/thread.h"
#include "batching/answer_order.h"
#include "batching/pending_queue.h"
#include "batching/prover.h"
#include "batching/queue_policies.h"
#include "batching/run_batch.h"
#include "batching/scheduler.h"
#include "batching/verdicts.h"

namespace flambeau {

// Threads: as Scheduler. Its own: a worker per instance, one that answers expired requests, one
// that proves. Lifetime: as Scheduler. Errors: Start.
class PullScheduler final : public Scheduler {
 public:
  PullScheduler(const std::string& name, std::shared_ptr<Model> model, const Options& options,
                const Dependencies& dependencies);
  ~PullScheduler() override;

  // Once: makes the instances and returns when the model can serve.
  Status Start();

  void Submit(Work work) override { Enqueue(std::move(work), /*in_turn=*/false); }
  bool SubmitToLeader(Work work) override { return Enqueue(std::move(work), /*in_turn=*/true); }
  void Lead() override;
  bool Full() const override;
  bool HasQueuePolicy(uint64_t priority) const override { return policies_.Declared(priority); }
  Proof proof(size_t method) const override;
  std::vector<KnownVerdict> verdicts() const override;
  size_t queue_depth() const override { return depth_.load(std::memory_order_relaxed); }
  int instances() const override { return static_cast<int>(workers_.size()); }
  void Stop() override;

 private:
  struct Worker {
    std::condition_variable wake;
    bool signalled = false;  // taken off idle_
    bool lent = false;       // a leader's, until it has run a batch
    std::unique_ptr<Instance> instance;
    std::optional<BatchRunner> runner;
    Batch batch;
    Thread thread;
  };

  // A worker's life (worker_loop.cc).
  void WorkerMain(Worker& worker);
  void WarmUpWorker(Worker& worker);
  void Serve(Worker& worker);
  bool AwaitWork(Worker& worker, std::unique_lock<std::mutex>& lock);
  void AcquirePermits(std::unique_lock<std::mutex>& lock);
  void TakeBatch(Worker& worker, const PendingQueue::TakeOptions& options);
  int64_t Takers();
  void RunBatch(Worker& worker);
  void NoteRun(Bucket& bucket, size_t items, Duration elapsed);
  void FinishBatch(Batch& batch, const BatchRunner::Report& report);
  void TakeTemplate(const Batch& batch, Prover::Task* task);
  void RefuseMerging(Variant* variant);

  // A leader's (lead.cc).
  bool MayWaitForTurn(const Bucket& bucket, TimePoint now) const;
  Worker* Borrow();
  void Return(Worker& worker);

  // The expiry thread's.
  void ReapLoop();

  bool Enqueue(Work work, bool in_turn);
  Status Admit(const Pending& pending) const;
  Worker* WorkerToWake(const Bucket& bucket, TimePoint now);
  void WakeForRest(TimePoint now);
  Worker* PopIdle();
  void SetDepth();
  bool IsFull(const Pending& pending) const;
  void SweepIfFull(const Pending& pending, TimePoint now, std::vector<PendingPtr>* dropped);

  void StartWorkers();
  Status AwaitWorkers();
  void AdoptVerdicts();
  void ProveKnownShapes();
  void Decided(Variant* variant, ProofResult result);
  void Decide(Variant* variant, const Proof& proof, int64_t rows);
  void LogVerdict(const std::string& method, const Proof& proof, int64_t rows);

  const std::string name_;
  const std::shared_ptr<Model> model_;
  const Options options_;
  const Dependencies dependencies_;
  const QueuePolicies policies_;
  const std::shared_ptr<AnswerOrder> order_;  // null unless answers leave in order
  const size_t max_unanswered_;               // with `order_`: what runs and what is held included
  const bool leads_;                          // whether a leader may ever run it

  mutable std::mutex mutex_;
  Verdicts verdicts_;
  PendingQueue queue_;
  std::vector<Worker*> idle_;     // the one that idles shortest is woken first: its caches are warm
  Worker* timekeeper_ = nullptr;  // the one that waits for a held bucket
  TimePoint timekeeper_until_{};
  int running_ = 0;  // batches that are taken and not finished
  bool stopping_ = false;
  std::atomic<size_t> depth_{0};  // queue_.size(), to be read without the lock

  std::condition_variable reaper_wake_;
  TimePoint reap_at_ = kNoDeadline;  // when the reaper will look next
  TimePoint swept_{};                // when a full queue was last swept

  std::condition_variable started_;
  size_t workers_started_ = 0;
  size_t proofs_open_ = 0;  // of those begun at load
  Status start_status_;

  std::vector<std::unique_ptr<Worker>> workers_;
  Thread reaper_;
  std::unique_ptr<Prover> prover_;  // null if nothing can be proven
};

}  // namespace flambeau
