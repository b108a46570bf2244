#include "batching/pull_scheduler.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "batching/prove_model.h"

namespace flambeau {
namespace {

// A full queue is searched for dead requests at most this often: refusing must stay cheap.
constexpr Duration kSweepInterval = std::chrono::milliseconds(1);

Scheduler::Options Effective(Scheduler::Options options, const Facts& facts) {
  options.instances = facts.writes_state ? 1 : std::max(options.instances, 1);
  options.intra_op_threads = std::max(options.intra_op_threads, 1);
  options.max_batch_size = std::max<int64_t>(options.max_batch_size, 1);
  options.max_queue_delay = std::max(options.max_queue_delay, Duration::zero());
  options.max_queue_size = std::max<size_t>(options.max_queue_size, 1);
  options.prove = options.prove && options.max_batch_size > 1;
  return options;
}

bool OnCpu(const Facts& facts) { return facts.device == "cpu"; }

// An answer that waits for its turn is held in memory: a full queue's worth of them, and the runs'.
size_t MaxUnanswered(const Scheduler::Options& options) {
  const auto running = static_cast<size_t>(options.instances) *
                       static_cast<size_t>(std::min<int64_t>(options.max_batch_size, 1 << 16));
  return 2 * options.max_queue_size + running;
}

}  // namespace

PullScheduler::PullScheduler(const std::string& name, std::shared_ptr<Model> model,
                             const Options& options, const Dependencies& dependencies)
    : name_(name),
      model_(std::move(model)),
      options_(Effective(options, model_->facts())),
      dependencies_(dependencies),
      policies_(options_),
      order_(options_.preserve_ordering ? std::make_shared<AnswerOrder>() : nullptr),
      max_unanswered_(MaxUnanswered(options_)),
      // More threads than the leader's own would be a team of its own for every leader.
      leads_(options_.intra_op_threads == 1 && OnCpu(model_->facts())),
      verdicts_(model_->facts(), options_.prove),
      queue_({options_.max_batch_size, options_.max_queue_delay, options_.preferred_batch_sizes,
              OnCpu(model_->facts())},
             &verdicts_) {}

PullScheduler::~PullScheduler() {
  Stop();
  for (const auto& worker : workers_) worker->thread.Join();
  reaper_.Join();
  prover_.reset();  // workers hand it templates
}

Status PullScheduler::Start() {
  FLAMBEAU_RETURN_IF_ERROR(QueuePolicies::Check(options_));
  StartWorkers();
  FLAMBEAU_RETURN_IF_ERROR(AwaitWorkers());
  for (size_t method = 0; method < verdicts_.methods(); ++method) {
    if (verdicts_.Provable(method)) continue;
    const Proof proof = verdicts_.Summary(method);
    LogVerdict(model_->facts().methods[method].name, proof, 0);
    if (dependencies_.observer != nullptr) dependencies_.observer->OnVerdict(method, proof);
  }
  AdoptVerdicts();
  ProveKnownShapes();
  reaper_ = Thread("expiry", [this] { ReapLoop(); });
  return OkStatus();
}

void PullScheduler::StartWorkers() {
  for (int i = 0; i < options_.instances; ++i) workers_.push_back(std::make_unique<Worker>());
  for (const auto& worker : workers_) {
    worker->thread = Thread("worker", [this, w = worker.get()] { WorkerMain(*w); });
  }
}

Status PullScheduler::AwaitWorkers() {
  std::unique_lock lock(mutex_);
  started_.wait(lock, [&] { return workers_started_ == workers_.size(); });
  return start_status_;
}

bool PullScheduler::Enqueue(Work work, bool in_turn) {
  auto pending = std::make_unique<Pending>();
  pending->work = std::move(work);
  const TimePoint now = dependencies_.clock->Now();
  pending->submitted = now;
  policies_.Apply(pending.get());
  if (pending->Dead(now)) {
    Status status = WhyDropped(*pending);
    Answer(std::move(pending), std::move(status));
    return false;
  }
  if (pending->work.method >= verdicts_.methods()) {
    Answer(std::move(pending), NotFound("the model has no such method"));
    return false;
  }
  pending->key =
      BucketKey::Of(pending->work, verdicts_.Ranks(pending->work.method), &pending->rows);

  std::vector<PendingPtr> dropped;
  Worker* wake = nullptr;
  bool reap_sooner = false;
  bool promised = false;
  bool full = false;
  Status refused;
  {
    const std::lock_guard lock(mutex_);
    SweepIfFull(*pending, now, &dropped);
    refused = Admit(*pending);
    if (refused.ok()) {
      if (order_ != nullptr) pending->work.done = order_->Enlist(std::move(pending->work.done));
      reap_sooner = pending->WakeAt() < reap_at_;
      reap_at_ = std::min(reap_at_, pending->WakeAt());
      Pending* const waiting = pending.get();
      const Bucket& bucket = *queue_.Push(std::move(pending));
      promised = in_turn && MayWaitForTurn(bucket, now);
      full = promised && queue_.FillsBatch(bucket);
      if (promised) queue_.Promise(waiting);
      if (!promised) wake = WorkerToWake(bucket, now);
      SetDepth();
    }
  }
  if (wake != nullptr) wake->wake.notify_one();
  if (reap_sooner) reaper_wake_.notify_one();
  if (!refused.ok()) Answer(std::move(pending), std::move(refused));
  for (PendingPtr& dead : dropped) {
    Status status = WhyDropped(*dead);
    Answer(std::move(dead), std::move(status));
  }
  if (full) Lead();
  return promised && !full;
}

Status PullScheduler::Admit(const Pending& pending) const {
  if (stopping_) {
    return Unavailable("the model is stopping; ask another server or try again later");
  }
  if (IsFull(pending)) return ResourceExhausted("the model's queue is full; try again later");
  if (order_ != nullptr && order_->size() >= max_unanswered_) {
    return ResourceExhausted("too many answers wait for their turn; try again later");
  }
  return OkStatus();
}

bool PullScheduler::IsFull(const Pending& pending) const {
  return queue_.size() >= options_.max_queue_size ||
         queue_.LevelSize(pending.rank) >= policies_.MaxQueueSize(pending.rank);
}

void PullScheduler::SweepIfFull(const Pending& pending, TimePoint now,
                                std::vector<PendingPtr>* dropped) {
  if (!IsFull(pending) || now - swept_ < kSweepInterval) return;
  swept_ = now;
  queue_.Sweep(now, dropped);
  SetDepth();
}

// Exactly one worker per arrival, and none for a bucket that is being held for others to join.
PullScheduler::Worker* PullScheduler::WorkerToWake(const Bucket& bucket, TimePoint now) {
  const TimePoint ready = queue_.ReadyAt(bucket);
  if (ready <= now) {
    Worker* idle = PopIdle();
    return idle != nullptr ? idle : timekeeper_;
  }
  if (timekeeper_ == nullptr) return PopIdle();
  return ready < timekeeper_until_ ? timekeeper_ : nullptr;
}

PullScheduler::Worker* PullScheduler::PopIdle() {
  if (idle_.empty()) return nullptr;
  Worker* worker = idle_.back();
  idle_.pop_back();
  worker->signalled = true;
  return worker;
}

void PullScheduler::SetDepth() {
  const size_t depth = queue_.size();
  depth_.store(depth, std::memory_order_relaxed);
  if (dependencies_.observer != nullptr) dependencies_.observer->OnQueueDepth(depth);
}

bool PullScheduler::Full() const { return queue_depth() >= options_.max_queue_size; }

Proof PullScheduler::proof(size_t method) const {
  const std::lock_guard lock(mutex_);
  return verdicts_.Summary(method);
}

std::vector<KnownVerdict> PullScheduler::verdicts() const {
  const std::lock_guard lock(mutex_);
  return verdicts_.Known();
}

void PullScheduler::Stop() {
  std::vector<PendingPtr> waiting;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.TakeAll(&waiting);
    SetDepth();
    for (const auto& worker : workers_) worker->wake.notify_all();
    reaper_wake_.notify_all();
  }
  if (prover_ != nullptr) prover_->Stop();
  for (PendingPtr& pending : waiting) {
    Answer(std::move(pending), Unavailable("the model is stopping; try again later"));
  }
}

void PullScheduler::ReapLoop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    std::vector<PendingPtr> dropped;
    reap_at_ = queue_.Sweep(dependencies_.clock->Now(), &dropped);
    if (dropped.empty()) {
      dependencies_.clock->WaitUntil(reaper_wake_, lock, reap_at_);
      continue;
    }
    SetDepth();
    lock.unlock();
    for (PendingPtr& dead : dropped) {
      Status status = WhyDropped(*dead);
      Answer(std::move(dead), std::move(status));
    }
    lock.lock();
  }
}

void PullScheduler::AdoptVerdicts() {
  for (const KnownVerdict& known : options_.verdicts) {
    if (known.method >= verdicts_.methods()) continue;
    Variant* variant = nullptr;
    {
      const std::lock_guard lock(mutex_);
      variant = verdicts_.Find(known.method, known.variant);
      if (variant == nullptr || variant->attempts > 0) continue;
    }
    Decide(variant, known.proof, std::min(known.rows, options_.max_batch_size));
  }
}

// Rows are invented for methods whose shapes are known; the others wait for a request.
void PullScheduler::ProveKnownShapes() {
  const Facts& facts = model_->facts();
  bool any = false;
  for (size_t method = 0; method < verdicts_.methods(); ++method) any |= verdicts_.Provable(method);
  if (!any) return;
  prover_ = std::make_unique<Prover>(
      Prover::Options{"prover", options_.max_batch_size, options_.intra_op_threads}, model_.get(),
      dependencies_.permits,
      [this](Variant* variant, ProofResult result) { Decided(variant, std::move(result)); });
  std::unique_lock lock(mutex_);
  for (size_t method = 0; method < verdicts_.methods(); ++method) {
    Variant* variant = FindVariantOfFacts(facts, method, &verdicts_);
    if (variant == nullptr || variant->attempts > 0) continue;
    variant->state = Variant::State::kRunning;
    ++proofs_open_;
    prover_->Add({variant, method, {}, 0});
  }
  const TimePoint end = dependencies_.clock->Now() + options_.proof_budget;
  while (proofs_open_ > 0 && dependencies_.clock->Now() < end) {
    dependencies_.clock->WaitUntil(started_, lock, end);
  }
}

void PullScheduler::Decided(Variant* variant, ProofResult result) {
  SchedulerObserver* observer = dependencies_.observer;
  if (observer != nullptr && result.sample_result) {
    observer->OnProbe(variant->method, result.sample_arguments, *result.sample_result);
  }
  Decide(variant, result.proof, result.rows);
  const std::lock_guard lock(mutex_);
  if (proofs_open_ > 0) --proofs_open_;
  started_.notify_all();
}

void PullScheduler::Decide(Variant* variant, const Proof& proof, int64_t rows) {
  Proof summary;
  {
    const std::lock_guard lock(mutex_);
    verdicts_.Decide(variant, proof, rows);
    summary = verdicts_.Summary(variant->method);
  }
  const std::string& method = model_->facts().methods[variant->method].name;
  LogVerdict(method, proof, rows);
  if (dependencies_.observer != nullptr) {
    dependencies_.observer->OnVerdict(variant->method, summary);
  }
}

void PullScheduler::LogVerdict(const std::string& method, const Proof& proof, int64_t rows) {
  if (proof.verdict == Verdict::kProven) {
    dependencies_.log->Info("batching proven",
                            {{"model", name_}, {"method", method}, {"rows", rows}});
    return;
  }
  const bool refused = proof.verdict == Verdict::kRefused;
  dependencies_.log->Info(refused ? "batching refused" : "batching not proven",
                          {{"model", name_}, {"method", method}, {"reason", proof.reason}});
}

}  // namespace flambeau
