// The use cases that only look: health, metadata, index.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "repository/repository.h"
#include "serving/gate.h"
#include "serving/model_statistics.h"

namespace flambeau {

std::string_view ServerVersion();  // "0.1.0"

struct ServerMetadata {
  std::string name;  // "flambeau"
  std::string version;
  std::vector<std::string> extensions;  // exactly those that work
};

struct TensorMetadata {
  std::string name;
  std::string datatype;        // "FP32" if unknown, see ModelMetadata::properties
  std::vector<int64_t> shape;  // [-1] if the rank is unknown
};

struct ModelMetadata {
  std::string name;
  std::vector<std::string> versions;
  std::string platform;
  std::vector<TensorMetadata> inputs;
  std::vector<TensorMetadata> outputs;
  // "inputs.<name>.datatype" and ".shape" = "unknown|declared|graph|observed", "batching" =
  // "proven|refused|unproven" and "batching.reason". An input that may be absent has
  // "inputs.<name>.optional" = "true", one that is not a tensor "inputs.<name>.type" = "bool". A
  // list, dict or tuple is listed in parts (backend/argument_parts.h), its type under its name. Of
  // a model with several methods, "methods.<name>" = "(x: Tensor) -> Tensor".
  std::map<std::string, std::string> properties;
};

// Threads: any. Lifetime: what it was given outlives it. Errors: as Repository::Resolve.
class ServerInfo {
 public:
  // `extensions`: those that flags turn on.
  ServerInfo(Repository* repository, Gate* gate, std::vector<std::string> extensions = {});

  ServerMetadata Server() const;
  bool Live() const { return true; }
  // Every model found at start has settled, and the server is neither leaving nor draining.
  bool Ready() const;
  // From now on nothing is ready, though requests are still answered.
  void BeginLeaving() { leaving_.store(true); }
  Result<bool> ModelReady(std::string_view name, std::string_view version) const;
  Result<ModelMetadata> Model(std::string_view name, std::string_view version) const;
  std::vector<IndexEntry> Index(bool ready_only) const;
  Result<std::vector<ModelStatistics>> Statistics(std::string_view name,
                                                  std::string_view version) const;

 private:
  bool Stopping() const { return leaving_.load() || gate_->draining(); }

  Repository* const repository_;
  Gate* const gate_;
  const std::vector<std::string> extensions_;
  std::atomic<bool> leaving_{false};
};

}  // namespace flambeau
