// A request and its answer without a transport: what REST and gRPC decode into and encode from.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "batching/cancel.h"
#include "batching/scheduler.h"
#include "tensor/value.h"

namespace flambeau {

class Leader;

enum class Protocol { kHttp, kGrpc };

// What a transport knows before it has decoded a body.
struct RequestContext {
  std::string request_id;  // X-Request-Id's where well formed, else empty: the gate makes one
  Protocol protocol = Protocol::kHttp;
  std::string peer;                   // "127.0.0.1:41234", for the access log
  std::string route;                  // "predict", "infer": a label, not a path
  std::optional<int64_t> timeout_us;  // the client's own (header or grpc-timeout); > 0
  CancelTokenPtr cancel;              // may be null
  Leader* leader = nullptr;  // the calling thread's, if it may run the model itself; see leader.h
};

// Where in a client's shared memory a tensor lies.
struct SharedMemoryPlace {
  std::string region;
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

struct RequestedOutput {
  std::string name;
  std::optional<bool> binary = std::nullopt;  // REST: parameters.binary_data
  int64_t classification = 0;                 // the N highest, as "value:index[:label]"; 0: no
  std::optional<SharedMemoryPlace> shared_memory = std::nullopt;
};

struct InferRequest {
  std::string id;      // the Open Inference Protocol's, echoed
  std::string method;  // the parameter `method`; empty: the call's
  // By name (or alias INPUT__<i>); an entry with an empty name is the only tensor argument.
  std::vector<NamedValue> inputs;
  // The parameters that the protocol gives no meaning: scalars by name. One that has a scalar
  // argument's name is that argument, the others are ignored.
  std::vector<NamedValue> parameters;
  std::vector<RequestedOutput> outputs;  // empty: all
  std::optional<int64_t> timeout_us;     // the parameter `timeout`
  uint64_t priority = 0;                 // the parameter `priority`; 0: the model's default
  std::optional<bool> binary_output;     // REST: parameters.binary_data_output
};

struct InferResult {
  std::string model;
  int64_t version = 0;
  std::string id;
  Value value;
  // `value` flattened, in order, selected by InferRequest::outputs.
  std::vector<NamedTensor> outputs;
  bool declared_outputs = false;  // they have the names and shapes that a configuration declares
};

// Called exactly once, from any thread; must not block.
using InferDone = std::function<void(Result<InferResult>)>;

}  // namespace flambeau
