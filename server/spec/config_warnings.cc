#include <string>
#include <vector>

#include "proto/model_config.pb.h"
#include "spec/config_message_internal.h"

namespace flambeau {
namespace {

class Warner {
 public:
  void If(bool set, const std::string& field, const std::string& why) {
    if (set) warnings_.push_back(field + " has no effect: " + why + ".");
  }
  std::vector<std::string> Take() { return std::move(warnings_); }

 private:
  std::vector<std::string> warnings_;
};

std::string At(const std::string& field, int index) {
  return field + "[" + std::to_string(index) + "]";
}

void WarnOfTensors(const inference::ModelConfig& message, Warner* warn) {
  const std::string tensor_rt = "only TensorRT models have it";
  for (int i = 0; i < message.input_size(); ++i) {
    const inference::ModelInput& input = message.input(i);
    const std::string field = At("input", i);
    warn->If(input.format() != inference::ModelInput::FORMAT_NONE, field + ".format",
             "tensors reach the model as they are sent");
    warn->If(input.allow_ragged_batch(), field + ".allow_ragged_batch",
             "requests of different shapes are not merged");
    warn->If(input.is_shape_tensor(), field + ".is_shape_tensor", tensor_rt);
    warn->If(input.is_non_linear_format_io(), field + ".is_non_linear_format_io", tensor_rt);
  }
  for (int i = 0; i < message.output_size(); ++i) {
    const std::string field = At("output", i);
    warn->If(message.output(i).is_shape_tensor(), field + ".is_shape_tensor", tensor_rt);
    warn->If(message.output(i).is_non_linear_format_io(), field + ".is_non_linear_format_io",
             tensor_rt);
  }
}

void WarnOfInstances(const inference::ModelConfig& message, Warner* warn) {
  for (int i = 0; i < message.instance_group_size(); ++i) {
    const inference::ModelInstanceGroup& group = message.instance_group(i);
    const std::string field = At("instance_group", i);
    warn->If(group.profile_size() > 0, field + ".profile", "only TensorRT models have profiles");
    warn->If(group.has_rate_limiter(), field + ".rate_limiter", "there is no rate limiter");
    warn->If(group.passive(), field + ".passive", "every instance takes requests");
    warn->If(group.secondary_devices_size() > 0, field + ".secondary_devices",
             "TorchScript has no use for them");
    warn->If(!group.host_policy().empty(), field + ".host_policy", "there are no host policies");
  }
}

void WarnOfOptimization(const inference::ModelOptimizationPolicy& policy, Warner* warn) {
  const std::string field = "optimization.";
  const std::string itself = "LibTorch's own choice is kept";
  warn->If(policy.has_graph(), field + "graph", itself);
  warn->If(policy.priority() != inference::ModelOptimizationPolicy::PRIORITY_DEFAULT,
           field + "priority", "models share the processor evenly");
  warn->If(policy.has_cuda(), field + "cuda", itself);
  warn->If(policy.has_execution_accelerators(), field + "execution_accelerators",
           "TorchScript runs without them");
  warn->If(policy.has_input_pinned_memory(), field + "input_pinned_memory",
           "the server decides by the device");
  warn->If(policy.has_output_pinned_memory(), field + "output_pinned_memory",
           "the server decides by the device");
  warn->If(policy.gather_kernel_buffer_threshold() != 0, field + "gather_kernel_buffer_threshold",
           "rows are gathered in one copy");
  warn->If(policy.eager_batching(), field + "eager_batching",
           "a batch is formed once a worker is free");
}

void WarnOfScheduling(const inference::ModelConfig& message, Warner* warn) {
  warn->If(message.has_sequence_batching(), "sequence_batching",
           "sequences are not supported, each request runs alone");
  warn->If(message.has_ensemble_scheduling(), "ensemble_scheduling", "ensembles are not supported");
  warn->If(message.has_dynamic_batching() && message.max_batch_size() == 0, "dynamic_batching",
           "max_batch_size is 0 or not set");
  warn->If(message.model_transaction_policy().decoupled(), "model_transaction_policy.decoupled",
           "every request has one answer");
}

}  // namespace

std::vector<std::string> ConfigWarnings(const inference::ModelConfig& message) {
  Warner warn;
  WarnOfTensors(message, &warn);
  WarnOfInstances(message, &warn);
  WarnOfOptimization(message.optimization(), &warn);
  WarnOfScheduling(message, &warn);
  warn.If(message.cc_model_filenames_size() > 0, "cc_model_filenames",
          "one file serves every device");
  warn.If(message.metric_tags_size() > 0, "metric_tags", "series have fixed labels");
  warn.If(message.has_model_operations(), "model_operations",
          "operator libraries are never loaded");
  warn.If(message.batch_input_size() > 0, "batch_input", "models get their own inputs only");
  warn.If(message.batch_output_size() > 0, "batch_output",
          "results are taken apart along dimension 0");
  warn.If(message.has_model_repository_agents(), "model_repository_agents", "there are none");
  warn.If(!message.runtime().empty(), "runtime", "models run on LibTorch");
  warn.If(message.has_model_metrics(), "model_metrics", "histograms have fixed buckets");
  return warn.Take();
}

}  // namespace flambeau
