// RPCs that the command needs and the library's Client does not have.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/model_counters.h"
#include "flambeau/client.h"

namespace flambeau::client {

// Threads: any, at the same time. Lifetime: none beyond its own.
// Errors: the server's code and sentence; DEADLINE_EXCEEDED; UNAVAILABLE if the server has gone.
class ServerCalls {
 public:
  // Connects with the first call.
  static std::unique_ptr<ServerCalls> Create(const std::string& target,
                                             std::chrono::milliseconds timeout);
  virtual ~ServerCalls() = default;

  // `model` empty: of all that are ready; `version` empty: of all of its versions.
  virtual absl::StatusOr<std::vector<ModelCounters>> Statistics(const std::string& model,
                                                                const std::string& version) = 0;
  virtual absl::Status Load(const std::string& model) = 0;
  virtual absl::Status Unload(const std::string& model) = 0;
};

// The bytes of a ModelInferRequest.
std::string SerializeInferRequest(const InferRequest& request);

}  // namespace flambeau::client
