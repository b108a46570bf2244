#include "batching/prove_model.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "batching/bucket.h"
#include "batching/core_permits.h"
#include "batching/prover.h"
#include "batching/row_source.h"

namespace flambeau {
namespace {

// Waits for proofs that run on the prover's thread.
class ModelProof {
 public:
  ModelProof(Model* model, const Scheduler::Options& options, Clock* clock)
      : model_(model),
        options_(options),
        clock_(clock),
        verdicts_(model->facts(), options.prove && options.max_batch_size > 1),
        permits_(1) {}

  ProvenModel Run() {
    ProvenModel proven;
    {
      Prover prover({"prover", options_.max_batch_size, std::max(options_.intra_op_threads, 1)},
                    model_, &permits_,
                    [this](Variant* variant, const ProofResult& result) { Note(variant, result); });
      for (size_t method = 0; method < verdicts_.methods(); ++method) Begin(method, &prover);
      proven.complete = Await();
    }  // ends and joins the one that still runs
    proven.verdicts = verdicts_.Known();
    for (size_t method = 0; method < verdicts_.methods(); ++method) {
      proven.proofs.push_back(verdicts_.Summary(method));
    }
    return proven;
  }

 private:
  void Begin(size_t method, Prover* prover) {
    const std::lock_guard lock(mutex_);
    Variant* variant = FindVariantOfFacts(model_->facts(), method, &verdicts_);
    if (variant == nullptr) return;
    ++open_;
    prover->Add({variant, method, {}, 0});
  }

  void Note(Variant* variant, const ProofResult& result) {
    const std::lock_guard lock(mutex_);
    verdicts_.Decide(variant, result.proof, result.rows);
    --open_;
    ended_.notify_all();
  }

  // Whether all have ended in time.
  bool Await() {
    std::unique_lock lock(mutex_);
    const TimePoint end = clock_->Now() + options_.proof_budget;
    while (open_ > 0 && clock_->Now() < end) clock_->WaitUntil(ended_, lock, end);
    return open_ == 0;
  }

  Model* const model_;
  const Scheduler::Options& options_;
  Clock* const clock_;
  std::mutex mutex_;
  std::condition_variable ended_;
  Verdicts verdicts_;
  CorePermits permits_;
  size_t open_ = 0;
};

}  // namespace

Variant* FindVariantOfFacts(const Facts& facts, size_t method, Verdicts* verdicts) {
  if (!verdicts->Provable(method)) return nullptr;
  std::optional<RowSource> source = RowSource::FromFacts(facts.methods[method], 0);
  if (!source) return nullptr;
  Work work;
  work.method = method;
  work.arguments = source->Next();
  int64_t rows = 0;
  const BucketKey key = BucketKey::Of(work, verdicts->Ranks(method), &rows);
  return rows > 0 ? verdicts->Find(method, key.variant()) : nullptr;
}

ProvenModel ProveModel(Model* model, const Scheduler::Options& options, Clock* clock) {
  return ModelProof(model, options, clock).Run();
}

}  // namespace flambeau
