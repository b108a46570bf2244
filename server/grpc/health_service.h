// grpc.health.v1.Health: Check and Watch, for the server ("" or "inference.GRPCInferenceService")
// and for each model by its name.
#pragma once

#include <cstddef>
#include <memory>

#include "base/clock.h"
#include "grpc/rpc.h"
#include "serving/server_info.h"

namespace flambeau {

// Threads: any. One of its own, grpc-health, looks for changes while somebody watches.
// Lifetime: what it was given outlives it; it outlives the routes.
// Errors: to clients: NOT_FOUND from Check for an unknown service, RESOURCE_EXHAUSTED from Watch
// over max_watches, UNAVAILABLE once stopped.
class HealthService {
 public:
  struct Options {
    size_t max_watches = 256;
    Duration interval = std::chrono::seconds(1);  // how late a change may be told
  };

  static std::unique_ptr<HealthService> Create(const Options& options, const ServerInfo* info,
                                               Clock* clock);
  virtual ~HealthService() = default;

  virtual void AddRoutes(RpcRoutes* routes) = 0;
  // NOT_SERVING from now on; watchers are told at once.
  virtual void BeginDrain() = 0;
  // Ends every watch, so that the server need not wait for them.
  virtual void Stop() = 0;
};

}  // namespace flambeau
