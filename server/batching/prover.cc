#include "batching/prover.h"

#include <utility>

#include "base/thread_clock.h"

namespace flambeau {
namespace {

constexpr uint64_t kSeed = 7;

class AsideInstance final : public Instance {
 public:
  AsideInstance(Instance* instance, CorePermits* permits)
      : instance_(instance), permits_(permits) {}

  RunTiming Run(std::span<const Item> items, Sink& sink) override {
    const auto turn = permits_->RunAside();
    return instance_->Run(items, sink);
  }

 private:
  Instance* const instance_;
  CorePermits* const permits_;
};

}  // namespace

Prover::Prover(const Options& options, Model* model, CorePermits* permits, Clock* clock,
               OnDecided decided)
    : options_(options),
      model_(model),
      permits_(permits),
      clock_(clock),
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
  AsideInstance instance(probe->get(), permits_);
  ThreadClock thread_clock;  // beside busy workers the time of day says little
  ProofOptions options;
  options.max_batch_size = options_.max_batch_size;
  options.device = model_->facts().device;
  options.stop = &stop_;
  if (options.device == "cpu") {
    options.clock = options_.intra_op_threads == 1 ? &thread_clock : clock_;
  }
  return ProveRowsIndependent(instance, task.method, *rows, options);
}

}  // namespace flambeau
