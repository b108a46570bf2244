#include "backend/torch/model.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/StreamGuard.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "backend/torch/describe.h"
#include "backend/torch/errors.h"
#include "backend/torch/load.h"
#include "backend/torch/optimize.h"
#include "backend/torch/result_values.h"

namespace flambeau {
namespace {

TimePoint Now() { return std::chrono::steady_clock::now(); }

void AddStorage(const c10::IValue& value, std::unordered_set<const void*>& storages) {
  if (!value.isTensor() || !value.toTensor().defined() || !value.toTensor().has_storage()) return;
  storages.insert(value.toTensor().storage().unsafeGetStorageImpl());
}

// LibTorch's thread counts hold per thread, and a run may come on another than the one that made
// the instance.
void UseThreads(int threads) {
  thread_local int used = 0;
  if (used == threads) return;
  at::set_num_threads(threads);
  used = threads;
}

void Fail(std::span<const Item> items, const Status& status, Sink& sink) {
  for (size_t i = 0; i < items.size(); ++i) sink.Deliver(i, status, /*last=*/true);
}

// Hands each item its rows of `result`.
void Scatter(std::span<const Item> items, Value result, Sink& sink) {
  if (items.size() == 1) {
    sink.Deliver(0, std::move(result), /*last=*/true);
    return;
  }
  int64_t rows = 0;
  for (const Item& item : items) rows += item.rows;
  if (!HasRows(result, rows)) {
    Fail(items, Internal("The model's result does not have one row for each row of the batch."),
         sink);
    return;
  }
  int64_t begin = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    sink.Deliver(i, SliceRows(result, begin, items[i].rows), /*last=*/true);
    begin += items[i].rows;
  }
}

}  // namespace

Result<std::shared_ptr<TorchModel>> TorchModel::Load(
    const std::string& path, const LoadOptions& options,
    const std::vector<std::string>& allowed_operators, DeviceHealth* health, Log* log) {
  FLAMBEAU_ASSIGN_OR_RETURN(const c10::Device device, FindDevice(options.device));
  FLAMBEAU_ASSIGN_OR_RETURN(LoadedModule loaded, LoadModule(path, device, allowed_operators, log));
  try {
    std::shared_ptr<TorchModel> model(new TorchModel(device, options, health, log));
    model->module_ = std::move(loaded.module);
    FLAMBEAU_ASSIGN_OR_RETURN(ModuleDescription description, DescribeModule(model->module_));
    model->facts_ = std::move(description.facts);
    model->facts_.device = options.device;
    model->facts_.manifest = std::move(loaded.manifest);
    model->plans_ = std::move(description.plans);
    for (const c10::IValue& constant : description.constants) {
      AddStorage(constant, model->constants_);
    }
    if (!options.optimizations.empty()) model->Optimize(options.optimizations);
    SynchronizeDefault(device);
    return model;
  } catch (...) {
    return LoadFailure(log);
  }
}

// The facts stay those of the module as it was saved: what is changed here is how it runs.
void TorchModel::Optimize(Optimizations wanted) {
  std::vector<std::string> methods;
  for (const MethodFacts& method : facts_.methods) methods.push_back(method.name);
  OptimizedModule optimized = flambeau::Optimize(std::move(module_), wanted, methods);
  module_ = std::move(optimized.module);
  facts_.optimizations = optimized.applied;
  for (size_t i = 0; i < plans_.size(); ++i) {
    auto& function = torch::jit::toGraphFunction(module_.get_method(methods[i]).function());
    plans_[i].function = &function;
    for (const c10::IValue& constant : TensorConstants(function)) {
      AddStorage(constant, constants_);
    }
  }
}

Result<std::unique_ptr<Instance>> TorchModel::NewInstance() {
  UseThreads(threads_);
  std::unordered_set<const void*> storages = constants_;
  VisitValues(module_._ivalue(), [&storages](const auto& value) { AddStorage(value, storages); });
  return std::make_unique<TorchInstance>(shared_from_this(), module_, std::move(storages));
}

Result<std::unique_ptr<Instance>> TorchModel::NewProbe() {
  UseThreads(threads_);
  try {
    torch::jit::Module copy = module_.deepcopy();
    std::unordered_set<const void*> storages = constants_;
    VisitValues(copy._ivalue(), [&storages](const auto& value) { AddStorage(value, storages); });
    SynchronizeDefault(device_);
    return std::make_unique<TorchInstance>(shared_from_this(), std::move(copy),
                                           std::move(storages));
  } catch (...) {
    return LoadFailure(log_);
  }
}

TorchInstance::TorchInstance(std::shared_ptr<TorchModel> model, torch::jit::Module module,
                             std::unordered_set<const void*> storages)
    : model_(std::move(model)),
      module_(std::move(module)),
      storages_(std::move(storages)),
      stream_(NewStream(model_->device())) {}

RunTiming TorchInstance::Run(std::span<const Item> items, Sink& sink) {
  RunTiming timing;
  if (items.empty()) return timing;
  Result<Value> result = Try(items, timing);
  const TimePoint start = Now();
  if (result.ok()) {
    Scatter(items, *std::move(result), sink);
  } else {
    Fail(items, result.status(), sink);
  }
  timing.scatter += Now() - start;
  return timing;
}

Result<Value> TorchInstance::Try(std::span<const Item> items, RunTiming& timing) {
  if (stream_ && model_->health()->lost()) {
    return Unavailable("The GPU stopped at an error and the server restarts; try again later.");
  }
  try {
    UseThreads(model_->threads());
    const c10::InferenceMode no_gradients;
    const torch::jit::GraphOptimizerEnabledGuard optimizer(model_->executor_optimizes());
    return RunBatch(items, timing);
  } catch (...) {
    Status failure = RunFailure(model_->log(), model_->facts().methods[items[0].method].name);
    if (!stream_) return failure;
    if (!model_->health()->CheckLost(*stream_)) {
      in_transit_.clear();
      return failure;
    }
    // Whose request of the batch it was cannot be told, and nobody should send it again unseen.
    return Internal(
        "The GPU stopped at an error while the model ran, and the server restarts: an index out of "
        "range in the input is the usual cause; the server's log has the details.");
  }
}

Result<Value> TorchInstance::RunBatch(std::span<const Item> items, RunTiming& timing) {
  std::optional<c10::StreamGuard> guard;
  if (stream_) guard.emplace(*stream_);
  const MethodPlan& plan = model_->plans()[items[0].method];
  const TimePoint start = Now();
  Gatherer gatherer(model_->device(), !plan.writes_inputs && !model_->facts().writes_state);
  FLAMBEAU_ASSIGN_OR_RETURN(std::vector<c10::IValue> stack, Gather(items, gatherer));
  const TimePoint gathered = Now();
  timing.gather = gathered - start;
  plan.function->run(stack);
  TimePoint computed = Now();
  const ResultMemory memory{&storages_, &gatherer, &in_transit_, model_->facts().writes_state};
  Result<Value> value = ToValue(stack.front(), memory);
  if (stream_) {
    // Until here a device has only been told what to do; the copies come behind the model.
    Synchronize(*stream_);
    in_transit_.clear();
    computed = Now();
  }
  timing.compute = computed - gathered;
  timing.scatter = Now() - computed;
  return value;
}

Result<std::vector<c10::IValue>> TorchInstance::Gather(std::span<const Item> items,
                                                       Gatherer& gatherer) const {
  const MethodPlan& plan = model_->plans()[items[0].method];
  std::vector<c10::IValue> stack;
  stack.reserve(plan.arguments.size() + 1);
  stack.emplace_back(module_._ivalue());
  absl::InlinedVector<const Value*, 32> parts(items.size());
  for (size_t i = 0; i < plan.arguments.size(); ++i) {
    for (size_t k = 0; k < items.size(); ++k) {
      if (items[k].arguments.size() != plan.arguments.size()) {
        return Internal("A request has another number of arguments than its method.");
      }
      parts[k] = &items[k].arguments[i];
    }
    FLAMBEAU_ASSIGN_OR_RETURN(c10::IValue value,
                              gatherer.Gather(plan.arguments[i], std::span<const Value* const>(
                                                                     parts.data(), parts.size())));
    stack.push_back(std::move(value));
  }
  return stack;
}

}  // namespace flambeau
