// Load over gRPC: the request serialised beforehand, answers never parsed.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "cli/bench/driver.h"
#include "flambeau/infer.h"

namespace flambeau::client {

// The bytes of a ModelInferRequest.
std::string SerializeInferRequest(InferRequest request);

struct GrpcDriverOptions {
  std::string target;   // "host:port"
  std::string request;  // a serialised ModelInferRequest
  int concurrency = 1;  // one connection for each 32
  std::chrono::milliseconds connect_timeout{5000};
};

// In an open loop a second thread, joined before Run returns, takes the answers.
std::unique_ptr<Driver> MakeGrpcDriver(GrpcDriverOptions options);

}  // namespace flambeau::client
