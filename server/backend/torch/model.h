// A loaded TorchScript model and its instances.
#pragma once

#include <c10/core/Stream.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/api/module.h>

#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "backend/backend.h"
#include "backend/torch/convert.h"
#include "backend/torch/device.h"

namespace flambeau {

// How one method is run.
struct MethodPlan {
  torch::jit::GraphFunction* function = nullptr;  // owned by the module's class
  std::vector<ArgumentSlot> arguments;
  bool writes_inputs = false;  // then the request's memory is never lent to it
};

// Threads: as Model. Lifetime: as Model. Errors: Load: INVALID_ARGUMENT, one sentence that says
// what is wrong with the file.
class TorchModel final : public Model, public std::enable_shared_from_this<TorchModel> {
 public:
  static Result<std::shared_ptr<TorchModel>> Load(const std::string& path,
                                                  const LoadOptions& options,
                                                  const std::vector<std::string>& allowed_operators,
                                                  DeviceHealth* health, Log* log);

  const Facts& facts() const override { return facts_; }
  Result<std::unique_ptr<Instance>> NewInstance() override;
  Result<std::unique_ptr<Instance>> NewProbe() override;

  const std::vector<MethodPlan>& plans() const { return plans_; }
  c10::Device device() const { return device_; }
  int threads() const { return threads_; }
  bool executor_optimizes() const { return executor_optimizes_; }
  DeviceHealth* health() const { return health_; }
  Log* log() const { return log_; }

 private:
  TorchModel(c10::Device device, const LoadOptions& options, DeviceHealth* health, Log* log)
      : device_(device),
        threads_(options.intra_op_threads),
        executor_optimizes_(options.optimized),
        health_(health),
        log_(log) {}

  void Optimize(Optimizations wanted);

  const c10::Device device_;
  const int threads_;
  const bool executor_optimizes_;
  DeviceHealth* const health_;
  Log* const log_;
  torch::jit::Module module_;
  Facts facts_;
  std::vector<MethodPlan> plans_;
  std::unordered_set<const void*> constants_;  // storages of tensors inside the code
};

// Threads: as Instance. Lifetime: keeps its model alive. Errors: through the sink.
class TorchInstance final : public Instance {
 public:
  // `storages`: memory that the model keeps and a result may alias.
  TorchInstance(std::shared_ptr<TorchModel> model, torch::jit::Module module,
                std::unordered_set<const void*> storages);

  RunTiming Run(std::span<const Item> items, Sink& sink) override;

 private:
  Result<Value> Try(std::span<const Item> items, RunTiming& timing);
  Result<Value> RunBatch(std::span<const Item> items, RunTiming& timing);
  Result<std::vector<c10::IValue>> Gather(std::span<const Item> items, Gatherer& gatherer) const;

  const std::shared_ptr<TorchModel> model_;
  const torch::jit::Module module_;
  const std::unordered_set<const void*> storages_;
  const std::optional<c10::Stream> stream_;  // one per instance; none on the CPU
  // What the device copies results to, until it has. They outlive a run that fails: to give such
  // memory back asks the device, and if it is lost that ends the process before anybody is
  // answered.
  std::vector<at::Tensor> in_transit_;
};

}  // namespace flambeau
