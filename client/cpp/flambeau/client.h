// A client of the Open Inference Protocol over gRPC: Flambeau, and any other server that speaks it.
//
//   auto client = flambeau::client::Client::Create("127.0.0.1:8001", {});
//   const std::vector<float> row(10, 0.5f);
//   auto answer = (*client)->Infer({.model = "linear",
//                                   .inputs = {flambeau::client::MakeTensor("input", {1, 10},
//                                   row)}});
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "flambeau/call_options.h"
#include "flambeau/infer.h"
#include "flambeau/model.h"
#include "flambeau/retry.h"
#include "flambeau/stream.h"
#include "flambeau/tensor.h"

namespace flambeau::client {

// Calls block until the answer is there or the deadline has passed, but InferAsync and OpenStream.
// Threads: any, at the same time; its own thread, "flambeau-client", runs the callbacks.
// Lifetime: the destructor cancels what is in flight and returns once every callback has; no
// callback may call it, and no blocking call may be running.
// Errors: the server's code and sentence; DEADLINE_EXCEEDED; CANCELLED; UNAVAILABLE without a
// server.
class Client {
 public:
  struct Options {
    std::chrono::milliseconds connect_timeout{5000};
    std::chrono::milliseconds call_timeout{60000};  // a call's deadline, where it gives none
    RetryPolicy retry = {};
    size_t max_in_flight = 256;  // asynchronous requests and streams; requests that a stream keeps
    // From 0 to 1, for the pauses between attempts; called by any thread. Empty: pseudo-random.
    std::function<double()> random = {};
  };
  using OnAnswer = std::function<void(absl::StatusOr<InferResponse> answer)>;

  // `target`: "host:port".
  // Errors: UNAVAILABLE if nothing answers there within connect_timeout.
  static absl::StatusOr<std::unique_ptr<Client>> Create(const std::string& target,
                                                        const Options& options);
  ~Client();

  absl::StatusOr<InferResponse> Infer(InferRequest request, const CallOptions& call = {});

  // `on_answer` is called exactly once, on the client's own thread, unless an error is returned. It
  // must return soon. Waits, within the deadline, while max_in_flight are in flight.
  // Errors: DEADLINE_EXCEEDED; RESOURCE_EXHAUSTED instead of waiting in a callback; CANCELLED while
  // the client is destroyed.
  absl::Status InferAsync(InferRequest request, OnAnswer on_answer, const CallOptions& call = {});

  // `call`'s timeout is the whole stream's; it has none otherwise.
  // Errors: as InferAsync's.
  absl::StatusOr<std::unique_ptr<Stream>> OpenStream(Stream::OnAnswer on_answer,
                                                     const CallOptions& call = {});

  // These three are not retried: they tell how it is now.
  absl::StatusOr<bool> Live(const CallOptions& call = {});
  absl::StatusOr<bool> Ready(const CallOptions& call = {});
  absl::StatusOr<bool> ModelReady(const std::string& model, const std::string& version,
                                  const CallOptions& call = {});

  absl::StatusOr<ServerMetadata> Server(const CallOptions& call = {});
  absl::StatusOr<ModelMetadata> Model(const std::string& model, const std::string& version,
                                      const CallOptions& call = {});
  absl::StatusOr<ModelConfig> Config(const std::string& model, const std::string& version,
                                     const CallOptions& call = {});
  // `model` and `version` may be empty: all.
  absl::StatusOr<std::vector<ModelStatistics>> Statistics(const std::string& model,
                                                          const std::string& version,
                                                          const CallOptions& call = {});
  absl::StatusOr<std::vector<ModelState>> Index(const CallOptions& call = {});

  // Not retried either: the first attempt may have worked though its answer was lost.
  absl::Status Load(const std::string& model, const CallOptions& call = {});
  absl::Status Unload(const std::string& model, const CallOptions& call = {});
  absl::Status RegisterSharedMemory(const std::string& name, const std::string& key,
                                    size_t byte_size, const CallOptions& call = {});
  absl::Status UnregisterSharedMemory(const std::string& name, const CallOptions& call = {});

 private:
  class Core;

  explicit Client(std::unique_ptr<Core> core);

  const std::unique_ptr<Core> core_;
};

}  // namespace flambeau::client
