#include "batching/prover.h"

#include <chrono>
#include <utility>

#include "base/thread_clock.h"

namespace flambeau {
namespace {

constexpr uint64_t kSeed = 7;

// How late a stop is noticed by one that waits for its turn.
constexpr Duration kTurnWait = std::chrono::milliseconds(50);

// Runs beside those that hold permits. One that is stopped while it waits for its turn runs nothing
// more and delivers no answers.
class AsideInstance final : public Instance {
 public:
  AsideInstance(Instance* instance, CorePermits* permits, const std::atomic<bool>* stop)
      : instance_(instance), permits_(permits), stop_(stop) {}

  RunTiming Run(std::span<const Item> items, Sink& sink) override {
    while (!permits_->TryAside(kTurnWait)) {
      if (stop_->load()) return {};
    }
    const RunTiming timing = instance_->Run(items, sink);
    permits_->EndAside();
    return timing;
  }

 private:
  Instance* const instance_;
  CorePermits* const permits_;
  const std::atomic<bool>* const stop_;
};

}  // namespace

Prover::Prover(const Options& options, Model* model, CorePermits* permits, OnDecided decided)
    : options_(options),
      model_(model),
      permits_(permits),
      decided_(std::move(decided)),
      thread_(options.thread_name, [this] { Loop(); }) {}

Prover::~Prover() { Stop(); }

void Prover::Add(Task task) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  added_.notify_one();
}

void Prover::Stop() {
  const std::lock_guard lock(mutex_);
  stop_ = true;
  tasks_.clear();
  added_.notify_one();
}

void Prover::Loop() {
  GiveWay();
  std::unique_lock lock(mutex_);
  while (!stop_) {
    if (tasks_.empty()) {
      added_.wait(lock);
      continue;
    }
    const Task task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    ProofResult result = Prove(task);
    if (!stop_) decided_(task.variant, std::move(result));
    lock.lock();
  }
}

ProofResult Prover::Prove(const Task& task) {
  const MethodFacts& method = model_->facts().methods[task.method];
  const uint64_t seed = kSeed + static_cast<uint64_t>(task.attempt);
  std::optional<RowSource> rows = task.arguments.empty()
                                      ? RowSource::FromFacts(method, seed)
                                      : RowSource::FromRequest(method, task.arguments, seed);
  if (!rows) return {{Verdict::kUnproven, "no rows can be made after this request"}, 0, {}, {}};
  // A probe of its own each time: what one proof did to its model is not the next one's problem.
  Result<std::unique_ptr<Instance>> probe = model_->NewProbe();
  if (!probe.ok()) {
    return {{Verdict::kUnproven,
             "no copy of the model can be made to probe: " + std::string(Message(probe.status()))},
            0,
            {},
            {}};
  }
  AsideInstance instance(probe->get(), permits_, &stop_);
  ThreadClock thread_clock;
  ProofOptions options;
  options.max_batch_size = options_.max_batch_size;
  options.device = model_->facts().device;
  options.stop = &stop_;
  // A thread that gives way is interrupted, so that only its own time tells what a run takes; and
  // of more than one thread's, or a GPU's, that tells nothing.
  if (options.device == "cpu" && options_.intra_op_threads == 1) options.clock = &thread_clock;
  return ProveRowsIndependent(instance, task.method, *rows, options);
}

}  // namespace flambeau
