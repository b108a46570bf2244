// A model's configuration as its owner wrote it (config.pbtxt or config.json), in plain structs.
// Source: Triton's model_config.proto; our own, wire-compatible copy is proto/model_config.proto.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tensor/dtype.h"
#include "tensor/shape.h"

namespace flambeau {

struct ConfigTensor {
  std::string name;
  std::optional<DType> dtype;  // nothing: TYPE_INVALID, taken from the model
  // Without the batch if max_batch_size > 0; -1: any. Empty, which only flambeau.json can say: not
  // declared.
  Shape dims;
  std::optional<Shape> reshape;     // the shape that the model gets or gives in place of `dims`
  bool optional = false;            // inputs
  std::string label_filename;       // outputs; relative to the model's directory
  std::vector<std::string> labels;  // outputs; read from that file at load

  bool operator==(const ConfigTensor&) const = default;
};

enum class InstanceKind { kAuto, kGpu, kCpu, kModel };

struct ConfigInstanceGroup {
  std::string name;
  int count = 1;
  InstanceKind kind = InstanceKind::kAuto;
  std::vector<int> gpus;

  bool operator==(const ConfigInstanceGroup&) const = default;
};

struct ConfigQueuePolicy {
  bool delay_on_timeout = false;  // timeout_action DELAY; else REJECT
  uint64_t default_timeout_us = 0;
  bool allow_timeout_override = false;
  uint32_t max_queue_size = 0;  // 0: --max-queue-size

  bool operator==(const ConfigQueuePolicy&) const = default;
};

struct ConfigDynamicBatching {
  std::vector<int64_t> preferred_batch_sizes;
  std::optional<uint64_t> max_queue_delay_us;
  bool preserve_ordering = false;
  uint64_t priority_levels = 0;  // 0: requests have no priority
  uint64_t default_priority_level = 0;
  ConfigQueuePolicy default_queue_policy;
  std::map<uint64_t, ConfigQueuePolicy> priority_queue_policy;

  bool operator==(const ConfigDynamicBatching&) const = default;
};

struct ConfigVersionPolicy {
  enum class Kind { kLatest, kAll, kSpecific };
  Kind kind = Kind::kLatest;
  uint32_t latest = 1;  // kLatest: so many of the highest
  std::vector<int64_t> specific;

  bool operator==(const ConfigVersionPolicy&) const = default;
};

struct ConfigWarmupInput {
  enum class Data { kZero, kRandom, kFile };
  std::string name;
  DType dtype = DType::kFp32;
  Shape dims;  // without the batch
  Data data = Data::kZero;
  std::string file;  // kFile; relative to the model's directory's warmup/

  bool operator==(const ConfigWarmupInput&) const = default;
};

struct ConfigWarmup {
  std::string name;
  int64_t batch_size = 0;  // 0: inputs' dims are whole shapes
  uint32_t count = 1;
  std::vector<ConfigWarmupInput> inputs;

  bool operator==(const ConfigWarmup&) const = default;
};

// Threads: a value. Lifetime: plain. Errors: none; spec/config_file.h checks.
struct ModelConfig {
  std::string name;
  std::string platform;
  std::string backend;
  // Nothing: not declared, so what is proven decides. 0: dims are whole shapes and nothing merges.
  std::optional<int64_t> max_batch_size;
  std::vector<ConfigTensor> inputs;
  std::vector<ConfigTensor> outputs;
  std::vector<ConfigInstanceGroup> instance_groups;
  std::optional<ConfigDynamicBatching> dynamic_batching;
  ConfigVersionPolicy version_policy;
  std::vector<ConfigWarmup> warmup;
  std::map<std::string, std::string> parameters;
  std::string default_model_filename;  // "model.pt" if empty
  bool response_cache = false;

  bool operator==(const ModelConfig&) const = default;
};

}  // namespace flambeau
