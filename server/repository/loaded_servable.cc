#include "repository/loaded_servable.h"

#include <utility>

namespace flambeau {

LoadedServable::LoadedServable(std::string name, int64_t version, std::shared_ptr<Model> model,
                               std::shared_ptr<ModelMetrics> metrics)
    : name_(std::move(name)),
      version_(version),
      model_(std::move(model)),
      metrics_(std::move(metrics)) {
  for (const MethodFacts& method : model_->facts().methods) {
    signatures_.push_back(std::make_unique<ObservedSignature>(method));
  }
}

Result<std::shared_ptr<LoadedServable>> LoadedServable::Create(
    std::string name, int64_t version, std::shared_ptr<Model> model,
    const Scheduler::Options& options, const Scheduler::Dependencies& dependencies,
    std::shared_ptr<ModelMetrics> metrics) {
  // The constructor is private, which make_shared cannot reach.
  std::shared_ptr<LoadedServable> servable(new LoadedServable(  // NOLINT
      std::move(name), version, std::move(model), std::move(metrics)));
  Scheduler::Dependencies observed = dependencies;
  observed.observer = servable.get();
  FLAMBEAU_ASSIGN_OR_RETURN(
      servable->scheduler_,
      Scheduler::Create(servable->name_, servable->model_, options, observed));
  for (size_t i = 0; i < servable->signatures_.size(); ++i) {
    servable->signatures_[i]->SetProof(servable->scheduler_->proof(i), /*first=*/true);
  }
  return servable;
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

void LoadedServable::OnRun(int64_t rows, const RunTiming& timing) {
  statistics_.Run(rows, timing);
  if (metrics_ != nullptr) metrics_->Run(rows, timing.compute);
}

void LoadedServable::OnSuccess(const Work& work, const Value& result) {
  signatures_[work.method]->Observe(work.arguments, result);
}

void LoadedServable::OnVerdict(size_t method, const Proof& proof) {
  signatures_[method]->SetProof(proof, /*first=*/false);
}

// The arguments of a probe are invented: only what the model made of them is an observation.
void LoadedServable::OnProbe(size_t method, const std::vector<Value>&, const Value& result) {
  signatures_[method]->Observe({}, result);
}

void LoadedServable::OnQueueDepth(size_t depth) {
  if (metrics_ != nullptr) metrics_->QueueDepth(depth);
}

}  // namespace flambeau
