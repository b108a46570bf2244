// A client of the Open Inference Protocol over gRPC: Flambeau, and any other server that speaks it.
//
//   auto client = flambeau::client::Client::Create("127.0.0.1:8001", {});
//   const std::vector<float> row(10, 0.5f);
//   auto answer = (*client)->Infer({.model = "linear",
//                                   .inputs = {flambeau::client::MakeTensor("input", {1, 10},
//                                   row)}});
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace flambeau::client {

// Dense, row-major, little-endian. BYTES: per element a uint32 length and that many bytes.
struct Tensor {
  std::string name;
  std::string datatype;  // the protocol's: "FP32", "INT64", "BOOL", "BYTES", ...
  std::vector<int64_t> shape;
  std::string bytes;
};

Tensor MakeTensor(std::string name, std::vector<int64_t> shape, const std::vector<float>& elements);
Tensor MakeTensor(std::string name, std::vector<int64_t> shape,
                  const std::vector<int64_t>& elements);

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

struct InferRequest {
  std::string model;
  std::string version;  // empty: the one that serves
  std::string id;       // echoed
  std::vector<Tensor> inputs;
  std::vector<std::string> outputs;  // empty: all
};

struct InferResponse {
  std::string model;
  std::string version;
  std::string id;
  std::vector<Tensor> outputs;
};

// Calls block until the answer is there or the timeout has passed.
// Threads: any, at the same time. Lifetime: none beyond its own.
// Errors: the server's code and sentence; DEADLINE_EXCEEDED; UNAVAILABLE if the server has gone.
class Client {
 public:
  struct Options {
    std::chrono::milliseconds connect_timeout{5000};
    std::chrono::milliseconds call_timeout{60000};  // sent along, so that the server gives up too
  };

  // `target`: "host:port". Errors: UNAVAILABLE if nothing answers there within connect_timeout.
  static absl::StatusOr<std::unique_ptr<Client>> Create(const std::string& target,
                                                        const Options& options);
  virtual ~Client() = default;

  virtual absl::StatusOr<bool> Live() = 0;
  virtual absl::StatusOr<bool> Ready() = 0;
  virtual absl::StatusOr<bool> ModelReady(const std::string& model, const std::string& version) = 0;
  virtual absl::StatusOr<ServerMetadata> Server() = 0;
  virtual absl::StatusOr<ModelMetadata> Model(const std::string& model,
                                              const std::string& version) = 0;
  virtual absl::StatusOr<std::vector<ModelState>> Index() = 0;
  virtual absl::StatusOr<InferResponse> Infer(const InferRequest& request) = 0;
};

}  // namespace flambeau::client
