// The gRPC front: inference.GRPCInferenceService, grpc.health.v1 and reflection.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "serving/adjustable_log.h"
#include "serving/inference.h"
#include "serving/model_admin.h"
#include "serving/server_info.h"
#include "serving/shared_memory.h"
#include "serving/trace_settings.h"

namespace flambeau {

// What the RPCs call. Each outlives the server.
struct GrpcServices {
  Inference* inference;
  ServerInfo* info;
  SharedMemory* shared_memory;
  AdjustableLog* log;
  TraceSettings* traces;
  ModelAdmin* admin;
};

// Threads: any. Lifetime: the services outlive it; the destructor stops it.
// Errors: Create: UNAVAILABLE "port 8001 is in use ..." in one sentence.
class GrpcServer {
 public:
  struct Options {
    std::string host = "127.0.0.1";
    int port = 8001;                       // 0: any free one, see port()
    int threads = 1;                       // completion queues, each with a thread
    size_t max_request_bytes = 64u << 20;  // one message
    // A connection as old as that, give or take a tenth, gets no further calls, and the client
    // makes another one; zero: never. What runs on it is ended after the grace; zero: is not.
    Duration max_connection_age{};
    Duration max_connection_age_grace{};
  };

  static Result<std::unique_ptr<GrpcServer>> Create(const Options& options,
                                                    const GrpcServices& services, Clock* clock,
                                                    Log* log);
  virtual ~GrpcServer() = default;

  virtual int port() const = 0;
  // New inference is refused UNAVAILABLE and health says NOT_SERVING; running calls go on, and so
  // do the calls that only look.
  virtual void BeginDrain() = 0;
  // Ends what still runs at `deadline`, then joins.
  virtual void Stop(TimePoint deadline) = 0;
};

}  // namespace flambeau
