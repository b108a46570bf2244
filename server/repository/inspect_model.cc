#include "repository/inspect_model.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/sentence.h"
#include "batching/optimization_trial.h"
#include "batching/prove_model.h"
#include "batching/result_slots.h"
#include "batching/row_source.h"
#include "batching/tuning_runs.h"
#include "repository/declared_model.h"
#include "repository/model_options.h"
#include "repository/observed_signature.h"

namespace flambeau {
namespace {

constexpr uint64_t kSeed = 1;

Result<Value> RunOneRow(Model* model, size_t method, RowSource* rows) {
  FLAMBEAU_ASSIGN_OR_RETURN(const std::unique_ptr<Instance> probe, model->NewProbe());
  const std::vector<Value> arguments = rows->Next();
  if (arguments.empty()) return ResourceExhausted("there is no memory for its arguments");
  const Item item{method, arguments, 1};
  ResultSlots slots;
  slots.Reset(1);
  probe->Run({&item, 1}, slots);
  return slots.Take(0);
}

class ModelInspection {
 public:
  ModelInspection(const InspectionRequest& request, const InspectModelDependencies& dependencies)
      : request_(request), dependencies_(dependencies), seen_(request.seen) {}

  Result<InspectedModel> Run() {
    FLAMBEAU_RETURN_IF_ERROR(Load());
    for (size_t method = 0; method < inspected_.facts.methods.size(); ++method) {
      FLAMBEAU_RETURN_IF_ERROR(TryMethod(method));
    }
    FLAMBEAU_RETURN_IF_ERROR(Optimize());
    FLAMBEAU_RETURN_IF_ERROR(Tune());
    const bool complete = Prove();
    if (complete) TuneUnmerged();
    if (!tuned().summary.empty()) Note("tuned: " + tuned().summary);
    const std::vector<std::string>& notes = inspected_.inspection.notes;
    inspected_.facts.notes.insert(inspected_.facts.notes.end(), notes.begin(), notes.end());
    return std::move(inspected_);
  }

 private:
  void Step(const std::string& what) const {
    if (dependencies_.on_step) dependencies_.on_step(what);
  }
  void Note(std::string sentence) { inspected_.inspection.notes.push_back(std::move(sentence)); }

  Status Load() {
    Step("it was loaded");
    const ModelConfig nothing;
    const ModelConfig& config = request_.config == nullptr ? nothing : *request_.config;
    FLAMBEAU_ASSIGN_OR_RETURN(options_, ChooseOptions(config, request_.device, request_.scheduler,
                                                      dependencies_.backend));
    FLAMBEAU_ASSIGN_OR_RETURN(inspected_.model, LoadWith({}));
    for (const auto& [name, shape] : request_.shapes) {
      FLAMBEAU_RETURN_IF_ERROR(See(name, shape));
    }
    inspected_.model = WithSeenShapes(std::move(inspected_.model), seen_);
    inspected_.facts = inspected_.model->facts();
    inspected_.inspection.results.resize(inspected_.facts.methods.size());
    inspected_.inspection.seen = seen_;
    return OkStatus();
  }

  // As if a request to forward had had it.
  Status See(const std::string& name, const Shape& shape) {
    const MethodFacts& forward = inspected_.model->facts().methods.front();
    const auto found =
        std::find_if(forward.arguments.begin(), forward.arguments.end(),
                     [&name](const ArgumentFact& argument) { return argument.name == name; });
    if (found == forward.arguments.end() || found->kind != ValueKind::kTensor) {
      return InvalidArgument("The method " + forward.name + " has no tensor " + Quote(name) +
                             " to have a shape; `inspect` without one shows its arguments.");
    }
    SeenTensor tensor{found->tensor.dtype.value_or(DType::kFp32), shape};
    tensor.dims[0] = -1;
    if (!CanComplete(tensor, found->tensor)) {
      return InvalidArgument("Input " + Quote(name) + " cannot have the shape " + ToString(shape) +
                             ": the model takes " + ToString(*found->tensor.dims) +
                             ", where -1 is any size.");
    }
    seen_.resize(1);
    seen_[0].resize(forward.arguments.size());
    seen_[0][static_cast<size_t>(found - forward.arguments.begin())] = std::move(tensor);
    return OkStatus();
  }

  Result<std::shared_ptr<Model>> LoadWith(Optimizations optimizations) const {
    LoadOptions options = options_.load;
    options.optimizations = optimizations;
    FLAMBEAU_ASSIGN_OR_RETURN(std::shared_ptr<Model> model,
                              dependencies_.backend->Load(request_.file, options));
    FLAMBEAU_ASSIGN_OR_RETURN(ModelAsDeclared declared,
                              Declare(std::move(model), request_.config, request_.manifest));
    return WithSeenShapes(std::move(declared.model), seen_);
  }

  // What a method gives, where a row can be made up for it.
  Status TryMethod(size_t index) {
    MethodFacts& method = inspected_.facts.methods[index];
    std::optional<RowSource> rows = RowSource::FromFacts(method, kSeed);
    if (!rows) return OkStatus();
    Step("its method " + Quote(method.name) + " ran");
    const Result<Value> answer = RunOneRow(inspected_.model.get(), index, &*rows);
    if (answer.status().code() == StatusCode::kResourceExhausted) {
      return ResourceExhausted("There is not enough memory for one row of its method " +
                               Quote(method.name) + ".");
    }
    if (!answer.ok()) {
      Note("method " + method.name +
           " fails on a row made up after its shapes: " + std::string(Message(answer.status())));
      return OkStatus();
    }
    ObservedSignature signature(method);
    signature.Observe({}, *answer);
    method.results = signature.snapshot()->results;
    inspected_.inspection.results[index] = method.results;
    return OkStatus();
  }

  // Where a run is all its thread's, what else the machine does is left out.
  Clock* Stopwatch() const {
    const bool alone = options_.load.device == "cpu" && options_.load.intra_op_threads == 1;
    return alone ? dependencies_.thread_clock : dependencies_.clock;
  }

  // What is proven afterwards is the model as it will serve.
  Status Optimize() {
    if (request_.optimizations.empty()) return OkStatus();
    if (!options_.load.optimized) {
      Note("nothing is optimised: its configuration says DISABLE_OPTIMIZED_EXECUTION");
      return OkStatus();
    }
    Step("optimisations of it were tried");
    TrialOptions options;
    options.allowed = request_.optimizations;
    options.budget = request_.optimization_budget;
    options.max_batch_size = options_.scheduler.max_batch_size;
    TrialResult trial = TryOptimizations(
        inspected_.model.get(),
        [this](Optimizations optimizations) { return LoadWith(optimizations); }, options,
        dependencies_.clock, Stopwatch());
    for (std::string& note : trial.notes) Note(std::move(note));
    if (trial.kept.empty()) return OkStatus();
    inspected_.inspection.optimizations = trial.kept;
    FLAMBEAU_ASSIGN_OR_RETURN(inspected_.model, LoadWith(trial.kept));
    inspected_.facts.optimizations = inspected_.model->facts().optimizations;
    return OkStatus();
  }

  // Before the proof, which is of the batches that the model will serve.
  Status Tune() {
    scope_ = LeftOpen(request_.config == nullptr ? ModelConfig() : *request_.config,
                      options_.load.device, request_.tuning);
    if (scope_.empty()) return OkStatus();
    TuningOptions options;
    options.scope = scope_;
    options.instances = options_.scheduler.instances;
    options.threads = options_.scheduler.intra_op_threads;
    options.max_batch_size = options_.scheduler.prove ? options_.scheduler.max_batch_size : 1;
    options.budget = request_.tuning_budget;
    const auto load = [this](int threads) {
      options_.load.intra_op_threads = threads;
      return LoadWith(inspected_.inspection.optimizations);
    };
    inspected_.curves =
        MeasureTuning(inspected_.facts, options,
                      {load, dependencies_.clock, [this](const std::string& what) { Step(what); }});
    options_.load.intra_op_threads = options_.scheduler.intra_op_threads;
    tuned() = ChooseTuning(inspected_.curves, scope_, /*merged=*/true);
    if (tuned().summary.empty()) {
      Note(MethodToTune(inspected_.facts) < 0
               ? "nothing is tuned: the shapes that its methods take are not known"
               : "nothing is tuned: it answers no row made up after its shapes, or not in time");
      return OkStatus();
    }
    Apply(tuned(), &options_);
    FLAMBEAU_ASSIGN_OR_RETURN(inspected_.model, LoadWith(inspected_.inspection.optimizations));
    return OkStatus();
  }

  // Rows that nobody may merge choose by themselves.
  void TuneUnmerged() {
    const int method = MethodToTune(inspected_.facts);
    if (method < 0 || inspected_.proofs[static_cast<size_t>(method)].verdict == Verdict::kProven) {
      return;
    }
    tuned() = ChooseTuning(inspected_.curves, scope_, /*merged=*/false);
  }

  Tuned& tuned() { return inspected_.inspection.tuned; }

  // Whether it came to its end.
  bool Prove() {
    const Inspection& inspection = inspected_.inspection;
    // As it serves already: the server has its own proof of it.
    if (request_.again && inspection.optimizations.empty() && tuned() == Tuned{}) return false;
    Step("it ran in batches");
    ProvenModel proven =
        ProveModel(inspected_.model.get(), options_.scheduler, dependencies_.clock);
    if (!proven.complete) {
      Note(
          "the proof of its batching takes long: it goes on in the server, which merges nothing "
          "until it has ended");
    }
    inspected_.proofs = std::move(proven.proofs);
    inspected_.inspection.verdicts = std::move(proven.verdicts);
    return proven.complete;
  }

  const InspectionRequest& request_;
  const InspectModelDependencies& dependencies_;
  SeenShapes seen_;
  ModelOptions options_;
  TuningScope scope_;
  InspectedModel inspected_;
};

}  // namespace

Result<InspectedModel> InspectModel(const InspectionRequest& request,
                                    const InspectModelDependencies& dependencies) {
  return ModelInspection(request, dependencies).Run();
}

}  // namespace flambeau
