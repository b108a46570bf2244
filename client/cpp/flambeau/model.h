// What a server tells of itself and its models.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace flambeau::client {

struct ServerMetadata {
  std::string name;
  std::string version;
  std::vector<std::string> extensions;
};

struct TensorMetadata {
  std::string name;
  std::string datatype;
  std::vector<int64_t> shape;  // -1: any
};

struct ModelMetadata {
  std::string name;
  std::vector<std::string> versions;
  std::string platform;
  std::vector<TensorMetadata> inputs;
  std::vector<TensorMetadata> outputs;
  // How a fact is known: "inputs.<name>.datatype" is "unknown", "declared", "graph" or "observed".
  std::map<std::string, std::string> properties;
};

struct ModelState {
  std::string name;
  std::string version;
  std::string state;   // "READY", "LOADING", "UNAVAILABLE", "UNLOADING"
  std::string reason;  // why it is not ready
};

struct ModelConfig {
  std::string name;
  std::string platform;
  std::string backend;
  int max_batch_size = 0;  // 0: requests are not merged
  std::string json;        // all of it, as the protocol's JSON
};

// So many requests, and the time that they took together.
struct DurationStatistic {
  uint64_t count = 0;
  std::chrono::nanoseconds total{0};
};

// Of one version, since it was loaded.
struct ModelStatistics {
  std::string name;
  std::string version;
  uint64_t inference_count = 0;  // rows
  uint64_t execution_count = 0;  // runs of the model; fewer, where requests were merged
  DurationStatistic success;
  DurationStatistic fail;
  DurationStatistic queue;
  DurationStatistic compute_input;
  DurationStatistic compute_infer;
  DurationStatistic compute_output;
  DurationStatistic cache_hit;
  DurationStatistic cache_miss;
};

}  // namespace flambeau::client
