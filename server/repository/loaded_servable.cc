#include "repository/loaded_servable.h"

#include <algorithm>
#include <chrono>
#include <tuple>
#include <utility>

#include "repository/effective_config.h"

namespace flambeau {

namespace {

// The model's own, with what an inspection has told.
Facts Complete(const LoadedServable::Parts& parts) {
  Facts facts = parts.model->facts();
  const auto& [results, verdicts, optimizations, tuned, seen, notes] = parts.inspection;
  facts.notes.insert(facts.notes.end(), notes.begin(), notes.end());
  for (size_t i = 0; i < facts.methods.size(); ++i) {
    // Nothing was seen of a method that could not be tried.
    if (i < results.size() && !results[i].empty()) facts.methods[i].results = results[i];
    if (i < seen.size()) Observe(seen[i], &facts.methods[i]);
  }
  for (MethodFacts& method : facts.methods) {
    method.code.clear();  // long, and only for `inspect`
    method.graph.clear();
  }
  return facts;
}

}  // namespace

LoadedServable::LoadedServable(Parts parts, const Scheduler::Options& options)
    : parts_(std::move(parts)),
      facts_(Complete(parts_)),
      model_(WithSeenShapes(parts_.model, parts_.inspection.seen)),
      options_(options),
      learning_(model_->facts(), parts_.inspection.verdicts,
                options.prove && options.max_batch_size > 1, parts_.on_learned),
      inspection_(parts_.inspection) {
  for (const MethodFacts& method : facts().methods) {
    ObservedSignature::Show show;
    if (declaration(signatures_.size()) != nullptr) {
      show = [declared = parts_.declarations[signatures_.size()]](MethodFacts* shown) {
        declared->Show(shown);
      };
    }
    signatures_.push_back(std::make_unique<ObservedSignature>(method, std::move(show)));
  }
}

Result<std::unique_ptr<LoadedServable>> LoadedServable::Create(
    Parts parts, const Scheduler::Options& options, const Scheduler::Dependencies& dependencies) {
  if (parts.statistics == nullptr) parts.statistics = std::make_shared<ServableStatistics>();
  // The constructor is private, which make_unique cannot reach.
  std::unique_ptr<LoadedServable> servable(  // NOLINT
      new LoadedServable(std::move(parts), options));
  Scheduler::Dependencies observed = dependencies;
  observed.observer = servable.get();
  FLAMBEAU_ASSIGN_OR_RETURN(
      servable->scheduler_,
      Scheduler::Create(servable->name(), servable->model_, options, observed));
  for (size_t i = 0; i < servable->signatures_.size(); ++i) {
    servable->signatures_[i]->SetProof(servable->scheduler_->proof(i), /*first=*/true);
  }
  return servable;
}

std::shared_ptr<const ModelConfig> LoadedServable::config() const {
  const auto first = signatures_.empty() ? nullptr : signature(0);
  const std::lock_guard lock(config_mutex_);
  if (config_ != nullptr && config_of_ == first) return config_;
  const InEffect in_effect{
      name(),
      facts().device,
      scheduler_->instances(),
      options_.max_batch_size,
      static_cast<uint64_t>(
          std::chrono::duration_cast<std::chrono::microseconds>(options_.max_queue_delay).count()),
      parts_.file};
  const ModelConfig nothing;
  config_ = std::make_shared<const ModelConfig>(
      EffectiveConfig(parts_.config == nullptr ? nothing : *parts_.config, first.get(), in_effect));
  config_of_ = first;
  return config_;
}

int LoadedServable::FindMethod(std::string_view method) const {
  const std::vector<MethodFacts>& methods = facts().methods;
  for (size_t i = 0; i < methods.size(); ++i) {
    if (methods[i].name == method) return static_cast<int>(i);
  }
  return -1;
}

std::shared_ptr<const MethodFacts> LoadedServable::signature(size_t method) const {
  return signatures_[method]->snapshot();
}

Inspection LoadedServable::inspection() const {
  const std::lock_guard lock(inspection_mutex_);
  Inspection inspection = inspection_;
  inspection.verdicts = scheduler_->verdicts();
  return inspection;
}

void LoadedServable::SetInspection(Inspection inspection) {
  const std::lock_guard lock(inspection_mutex_);
  inspection_ = std::move(inspection);
}

bool LoadedServable::RunsAs(const Inspection& inspection) const {
  const auto numbers = [](const Tuned& tuned) {
    return std::tuple(tuned.instances, tuned.threads, tuned.max_batch_size);
  };
  return inspection.optimizations == parts_.inspection.optimizations &&
         numbers(inspection.tuned) == numbers(parts_.inspection.tuned);
}

void LoadedServable::OnRun(int64_t rows, const RunTiming& timing) {
  parts_.statistics->Run(rows, timing);
  if (parts_.metrics != nullptr) parts_.metrics->Run(rows, timing.compute);
}

void LoadedServable::OnSuccess(const Work& work, const Value& result) {
  signatures_[work.method]->Observe(work.arguments, result);
  learning_.Success(work.method, work.arguments);
}

void LoadedServable::OnVerdict(size_t method, const Proof& proof) {
  signatures_[method]->SetProof(proof, /*first=*/false);
  learning_.Decided(method, proof.verdict);
}

// The arguments of a probe are invented: only what the model made of them is an observation.
void LoadedServable::OnProbe(size_t method, const std::vector<Value>&, const Value& result) {
  signatures_[method]->Observe({}, result);
}

void LoadedServable::OnQueueDepth(size_t depth) {
  if (parts_.metrics != nullptr) parts_.metrics->QueueDepth(depth);
}

}  // namespace flambeau
