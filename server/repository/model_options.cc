#include "repository/model_options.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <set>

namespace flambeau {
namespace {

constexpr int kMaxThreads = 1024;
constexpr char kIntraOpThreads[] = "INTRA_OP_THREAD_COUNT";

// Triton's of the PyTorch backend that change nothing here, and why.
constexpr struct {
  const char* name;
  const char* why;
} kWithoutEffect[] = {
    {"INTER_OP_THREAD_COUNT", "operators of one run follow each other"},
    {"ENABLE_WEIGHT_SHARING", "instances always share their weights"},
    {"ENABLE_CACHE_CLEANING", "the allocator keeps its cache"},
    {"ENABLE_NVFUSER", "LibTorch's own fuser is used"},
    {"ENABLE_TENSOR_FUSER", "LibTorch's own fuser is used"},
    {"ENABLE_JIT_EXECUTOR", "LibTorch's own executor is used"},
    {"ENABLE_JIT_PROFILING", "LibTorch's own executor is used"},
    {"ENABLE_TORCH_INFERENCE_PROFILER", "there is no profiler"},
    {"DISABLE_CUDNN", "LibTorch decides"},
};

std::string Gpu(int index) { return "cuda:" + std::to_string(index); }

// Every device that the groups ask for; an empty word is the server's own.
std::set<std::string> DevicesOf(const ModelConfig& config) {
  std::set<std::string> devices;
  for (const ConfigInstanceGroup& group : config.instance_groups) {
    if (group.kind == InstanceKind::kCpu) {
      devices.insert("cpu");
    } else if (!group.gpus.empty()) {
      for (const int gpu : group.gpus) devices.insert(Gpu(gpu));
    } else {
      devices.insert(group.kind == InstanceKind::kGpu ? "cuda" : "");
    }
  }
  return devices;
}

Status ChooseDevice(const ModelConfig& config, Backend* backend, ModelOptions* options) {
  const std::set<std::string> devices = DevicesOf(config);
  if (devices.size() > 1) {
    return Unimplemented(
        "instance_group puts the model on several devices; a model runs on one here: name a single "
        "kind, and a single GPU.");
  }
  int count = 0;
  for (const ConfigInstanceGroup& group : config.instance_groups) count += group.count;
  if (count > 0) options->scheduler.instances = count;
  if (devices.empty() || devices.begin()->empty()) return OkStatus();
  const std::string& wanted = *devices.begin();
  if (wanted == options->load.device) return OkStatus();
  const Result<std::string> device = backend->ResolveDevice(wanted);
  if (!device.ok()) {
    return FailedPrecondition("instance_group asks for " + wanted +
                              ", but this server has no such device; use KIND_CPU or KIND_AUTO.");
  }
  options->load.device = *device;
  return OkStatus();
}

Duration Microseconds(uint64_t count) {
  return std::chrono::microseconds(static_cast<int64_t>(count));
}

QueuePolicy ToPolicy(const ConfigQueuePolicy& policy) {
  QueuePolicy queue;
  queue.timeout_action = policy.delay_on_timeout ? QueuePolicy::TimeoutAction::kDelay
                                                 : QueuePolicy::TimeoutAction::kReject;
  queue.default_timeout = Microseconds(policy.default_timeout_us);
  queue.allow_timeout_override = policy.allow_timeout_override;
  queue.max_queue_size = policy.max_queue_size;
  return queue;
}

void ChooseBatching(const ModelConfig& config, Scheduler::Options* options) {
  if (config.max_batch_size) {
    options->max_batch_size = std::max<int64_t>(*config.max_batch_size, 1);
    options->prove = options->prove && *config.max_batch_size > 0;
  }
  if (!config.dynamic_batching) return;
  const ConfigDynamicBatching& batching = *config.dynamic_batching;
  options->preferred_batch_sizes = batching.preferred_batch_sizes;
  if (batching.max_queue_delay_us) {
    options->max_queue_delay = Microseconds(*batching.max_queue_delay_us);
  }
  options->preserve_ordering = batching.preserve_ordering;
  options->priority_levels = batching.priority_levels;
  options->default_priority = batching.default_priority_level;
  options->default_policy = ToPolicy(batching.default_queue_policy);
  for (const auto& [level, policy] : batching.priority_queue_policy) {
    options->priority_policies[level] = ToPolicy(policy);
  }
}

// "true", "false", "1" or "0", as Triton's backend reads them.
std::optional<bool> ToBool(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return std::nullopt;
}

Status WrongParameter(const std::string& name, const std::string& what) {
  return InvalidArgument("parameters: " + name + " must be " + what + ".");
}

Status ReadParameter(const std::string& name, const std::string& value, ModelOptions* options) {
  if (name == "DISABLE_OPTIMIZED_EXECUTION") {
    const auto disable = ToBool(value);
    if (!disable) return WrongParameter(name, "true or false");
    options->load.optimized = !*disable;
    return OkStatus();
  }
  if (name == kIntraOpThreads) {
    int count = 0;
    const char* const end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, count);
    if (error != std::errc() || stop != end || count < 1 || count > kMaxThreads) {
      return WrongParameter(name, "a number of threads from 1 to 1024");
    }
    options->load.intra_op_threads = options->scheduler.intra_op_threads = count;
    return OkStatus();
  }
  if (name == "INFERENCE_MODE") {
    const auto mode = ToBool(value);
    if (!mode) return WrongParameter(name, "true or false");
    if (!*mode) {
      options->warnings.push_back(
          "parameters: INFERENCE_MODE false has no effect: models always run in inference mode.");
    }
    return OkStatus();
  }
  std::string why = "it is not known here";
  for (const auto& known : kWithoutEffect) {
    if (name == known.name) why = known.why;
  }
  options->warnings.push_back("parameters: " + name + " has no effect: " + why + ".");
  return OkStatus();
}

}  // namespace

Result<ModelOptions> ChooseOptions(const ModelConfig& config, const std::string& device,
                                   const Scheduler::Options& scheduler, Backend* backend) {
  ModelOptions options;
  options.scheduler = scheduler;
  options.load.device = device;
  options.load.intra_op_threads = scheduler.intra_op_threads;
  FLAMBEAU_RETURN_IF_ERROR(ChooseDevice(config, backend, &options));
  ChooseBatching(config, &options.scheduler);
  for (const auto& [name, value] : config.parameters) {
    FLAMBEAU_RETURN_IF_ERROR(ReadParameter(name, value, &options));
  }
  return options;
}

TuningScope LeftOpen(const ModelConfig& config, const std::string& device, TuningScope scope) {
  const bool cpu = device == "cpu";  // an accelerator has its own number, and no threads
  scope.instances = scope.instances && cpu && config.instance_groups.empty();
  scope.threads = scope.threads && cpu && config.parameters.count(kIntraOpThreads) == 0;
  scope.max_batch_size = scope.max_batch_size && !config.max_batch_size;
  return scope;
}

void Apply(const Tuned& tuned, ModelOptions* options) {
  if (tuned.instances > 0) options->scheduler.instances = tuned.instances;
  if (tuned.threads > 0) {
    options->load.intra_op_threads = options->scheduler.intra_op_threads = tuned.threads;
  }
  if (tuned.max_batch_size > 0) options->scheduler.max_batch_size = tuned.max_batch_size;
}

}  // namespace flambeau
