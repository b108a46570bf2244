#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/checked.h"
#include "spec/config_message_internal.h"

namespace flambeau {
namespace {

constexpr int64_t kMaxBatchSize = 1 << 20;
constexpr uint64_t kMaxDelayUs = 10 * 1000 * 1000;
constexpr uint64_t kMaxTimeoutUs = uint64_t{24} * 3600 * 1000 * 1000;
constexpr uint64_t kMaxPriorityLevels = 1024;

std::string At(const std::string& field, size_t index) {
  return field + "[" + std::to_string(index) + "]";
}

// Products of the sizes between the -1s: they must agree for every request to fit both shapes.
// Empty if one overflows.
std::vector<int64_t> Segments(const Shape& shape) {
  std::vector<int64_t> products(1, 1);
  for (const int64_t size : shape) {
    if (size < 0) {
      products.push_back(1);
      continue;
    }
    const auto product = CheckedMultiply(products.back(), size);
    if (!product) return {};
    products.back() = *product;
  }
  return products;
}

ConfigProblem CheckTensors(const std::vector<ConfigTensor>& tensors, const std::string& field) {
  for (size_t i = 0; i < tensors.size(); ++i) {
    const ConfigTensor& tensor = tensors[i];
    const std::vector<int64_t> segments = Segments(tensor.dims);
    if (segments.empty()) return {At(field, i) + ".dims", "is larger than any tensor can be"};
    if (tensor.reshape && Segments(*tensor.reshape) != segments) {
      return {At(field, i) + ".reshape.shape",
              "must hold as many elements as dims, and the same -1s in the same order"};
    }
  }
  return {};
}

ConfigProblem CheckPolicy(const ConfigQueuePolicy& policy, const std::string& field,
                          bool preserve_ordering) {
  if (policy.default_timeout_us > kMaxTimeoutUs) {
    return {field + ".default_timeout_microseconds", "must be at most a day"};
  }
  if (preserve_ordering && policy.delay_on_timeout) {
    return {field + ".timeout_action", "must not be DELAY with preserve_ordering"};
  }
  return {};
}

ConfigProblem CheckPriorities(const ConfigDynamicBatching& batching) {
  const std::string field = "dynamic_batching.";
  const uint64_t levels = batching.priority_levels;
  if (levels > kMaxPriorityLevels) return {field + "priority_levels", "must be at most 1024"};
  const uint64_t chosen = batching.default_priority_level;
  if (levels > 0 ? chosen < 1 || chosen > levels : chosen != 0) {
    return {field + "default_priority_level",
            levels > 0 ? "must be 1 to " + std::to_string(levels) + ", the priority_levels"
                       : "must be 0 without priority_levels"};
  }
  if (batching.preserve_ordering && levels > 1) {
    return {field + "priority_levels", "must be at most 1 with preserve_ordering"};
  }
  for (const auto& [level, policy] : batching.priority_queue_policy) {
    if (level < 1 || level > levels) {
      return {field + "priority_queue_policy",
              "names level " + std::to_string(level) + ", which must be 1 to priority_levels"};
    }
    ConfigProblem problem =
        CheckPolicy(policy, field + "priority_queue_policy", batching.preserve_ordering);
    if (!problem.field.empty()) return problem;
  }
  return CheckPolicy(batching.default_queue_policy, field + "default_queue_policy",
                     batching.preserve_ordering);
}

ConfigProblem CheckBatching(const ConfigDynamicBatching& batching, int64_t max_batch_size) {
  const auto& preferred = batching.preferred_batch_sizes;
  for (size_t i = 0; i < preferred.size(); ++i) {
    const std::string field = At("dynamic_batching.preferred_batch_size", i);
    if (preferred[i] < 1) return {field, "must be above 0"};
    if (max_batch_size > 0 && preferred[i] > max_batch_size) {
      return {field, "must be at most max_batch_size, " + std::to_string(max_batch_size)};
    }
  }
  if (batching.max_queue_delay_us.value_or(0) > kMaxDelayUs) {
    return {"dynamic_batching.max_queue_delay_microseconds", "must be at most 10 seconds"};
  }
  return CheckPriorities(batching);
}

ConfigProblem CheckWarmup(const ModelConfig& config, int64_t max_batch_size) {
  for (size_t i = 0; i < config.warmup.size(); ++i) {
    const int64_t batch = config.warmup[i].batch_size;
    const std::string field = At("model_warmup", i) + ".batch_size";
    if (batch > max_batch_size && config.max_batch_size) {
      return {field, max_batch_size == 0
                         ? "must be 0, since max_batch_size is"
                         : "must be at most max_batch_size, " + std::to_string(max_batch_size)};
    }
    if (batch > kMaxBatchSize) return {field, "must be at most " + std::to_string(kMaxBatchSize)};
  }
  return {};
}

}  // namespace

ConfigProblem CheckConfig(const ModelConfig& config) {
  const int64_t max_batch_size = config.max_batch_size.value_or(0);
  if (max_batch_size < 0 || max_batch_size > kMaxBatchSize) {
    return {"max_batch_size", "must be 0 to " + std::to_string(kMaxBatchSize)};
  }
  ConfigProblem problem = CheckTensors(config.inputs, "input");
  if (problem.field.empty()) problem = CheckTensors(config.outputs, "output");
  if (problem.field.empty() && config.dynamic_batching) {
    problem = CheckBatching(*config.dynamic_batching, max_batch_size);
  }
  if (problem.field.empty()) problem = CheckWarmup(config, max_batch_size);
  return problem;
}

}  // namespace flambeau
