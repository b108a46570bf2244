#include "repository/effective_config.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "backend/argument_parts.h"
#include "backend/fact_rules.h"

namespace flambeau {
namespace {

bool HasBatch(const TensorFact& fact, size_t least_rank) {
  return fact.dims && fact.dims->size() >= least_rank && fact.dims->front() == -1;
}

bool EveryTensorHasABatch(const MethodFacts& signature) {
  for (const ArgumentFact& argument : signature.arguments) {
    if (argument.kind != ValueKind::kTensor || !HasBatch(argument.tensor, 2)) return false;
  }
  for (const ResultFact& result : signature.results) {
    if (!HasBatch(result.tensor, 1)) return false;
  }
  return !signature.arguments.empty();
}

// As metadata shows it, without the batch. Unknown: FP32 and [-1], as there.
ConfigTensor FromFact(const std::string& name, const TensorFact& fact, bool batched) {
  ConfigTensor tensor;
  tensor.name = name;
  tensor.dtype = fact.dtype.value_or(DType::kFp32);
  tensor.dims = fact.dims.value_or(Shape{-1});
  if (batched && !tensor.dims.empty()) tensor.dims.erase(tensor.dims.begin());
  return tensor;
}

ConfigTensor FromArgument(const ArgumentFact& argument, bool batched) {
  if (!ScalarDType(argument.kind)) {
    return FromFact(argument.name, argument.tensor, batched);
  }
  ConfigTensor tensor;
  tensor.name = argument.name;
  tensor.dtype = ScalarDType(argument.kind);
  tensor.dims = {1};
  return tensor;
}

// Keeps the declared tensors, in their order, completes their datatypes and adds the others.
void Complete(std::vector<ConfigTensor> known, std::vector<ConfigTensor>* declared) {
  for (ConfigTensor& tensor : known) {
    const auto at = std::find_if(declared->begin(), declared->end(),
                                 [&](const ConfigTensor& d) { return d.name == tensor.name; });
    if (at == declared->end()) {
      declared->push_back(std::move(tensor));
    } else {
      if (!at->dtype) at->dtype = tensor.dtype;
      if (at->dims.empty()) at->dims = std::move(tensor.dims);
    }
  }
}

void DropBatch(std::vector<ConfigTensor>* tensors) {
  for (ConfigTensor& tensor : *tensors) {
    if (!tensor.dims.empty()) tensor.dims.erase(tensor.dims.begin());
  }
}

ConfigInstanceGroup Group(const InEffect& in_effect) {
  ConfigInstanceGroup group;
  group.name = in_effect.name + "_0";
  group.count = in_effect.instances;
  group.kind = InstanceKind::kCpu;
  constexpr std::string_view kCuda = "cuda:";
  if (in_effect.device.compare(0, 4, "cuda") == 0) {
    group.kind = InstanceKind::kGpu;
    int gpu = 0;
    if (in_effect.device.size() > kCuda.size()) {
      std::from_chars(in_effect.device.data() + kCuda.size(),
                      in_effect.device.data() + in_effect.device.size(), gpu);
    }
    group.gpus = {gpu};
  }
  return group;
}

}  // namespace

ModelConfig EffectiveConfig(const ModelConfig& declared, const MethodFacts* signature,
                            const InEffect& in_effect) {
  ModelConfig config = declared;
  config.name = in_effect.name;
  if (config.platform.empty()) config.platform = "pytorch_libtorch";
  if (config.backend.empty()) config.backend = "pytorch";
  if (config.default_model_filename.empty()) config.default_model_filename = in_effect.file;
  config.instance_groups = {Group(in_effect)};
  const bool proven = signature != nullptr && signature->static_proof.verdict == Verdict::kProven;
  if (!config.max_batch_size) {
    const bool batched = proven && EveryTensorHasABatch(*signature);
    config.max_batch_size = batched ? in_effect.max_batch_size : 0;
  }
  const bool batched = *config.max_batch_size > 0;
  // Where nobody said whether there is a batch, what was declared are whole shapes.
  if (batched && !declared.max_batch_size) {
    DropBatch(&config.inputs);
    DropBatch(&config.outputs);
  }
  if (batched && proven && in_effect.max_batch_size > 1 && !config.dynamic_batching) {
    config.dynamic_batching.emplace();
  }
  if (config.dynamic_batching && !config.dynamic_batching->max_queue_delay_us) {
    config.dynamic_batching->max_queue_delay_us = in_effect.max_queue_delay_us;
  }
  if (signature == nullptr) return config;
  std::vector<ConfigTensor> inputs;
  for (const ArgumentFact& argument : signature->arguments) {
    for (const ArgumentFact& part : PartsOf(argument)) {
      inputs.push_back(FromArgument(part, batched));
      inputs.back().optional = part.optional || part.has_default;
    }
  }
  Complete(std::move(inputs), &config.inputs);
  std::vector<ConfigTensor> outputs;
  for (const ResultFact& result : signature->results) {
    outputs.push_back(FromFact(result.name, result.tensor, batched));
  }
  Complete(std::move(outputs), &config.outputs);
  return config;
}

}  // namespace flambeau
