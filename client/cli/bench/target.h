// What a benchmark asks a server apart from the load itself.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/bench/socket.h"
#include "flambeau/client.h"

namespace flambeau::client {

// Threads: one at a time. Lifetime: none beyond its own. Errors: the server's sentence; UNAVAILABLE
// if nobody answers; UNIMPLEMENTED or NOT_FOUND where the server keeps no statistics.
class Target {
 public:
  virtual ~Target() = default;
  virtual absl::StatusOr<ModelMetadata> Metadata() = 0;
  virtual absl::StatusOr<std::vector<ModelStatistics>> Statistics() = 0;
};

absl::StatusOr<std::unique_ptr<Target>> MakeGrpcTarget(const std::string& address,
                                                       const std::string& model,
                                                       const std::string& version,
                                                       std::chrono::milliseconds timeout);
std::unique_ptr<Target> MakeHttpTarget(const HttpAddress& address, const std::string& model,
                                       const std::string& version,
                                       std::chrono::milliseconds timeout);

}  // namespace flambeau::client
