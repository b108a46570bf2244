// A server of the protocol whose answers a test holds, releases and scripts.
#pragma once

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "flambeau/client.h"
#include "proto/inference.grpc.pb.h"

namespace flambeau::client {

// ModelInfer and the stream answer with the request's own tensors; the model "bad" with an error.
// Threads: any. Lifetime: the test's. Errors: what the test sets.
class FakeServer final : public inference::GRPCInferenceService::Service {
 public:
  FakeServer() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;
  ~FakeServer() override {
    Release();
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
  }

  std::unique_ptr<Client> Connect(Client::Options options = {}) const {
    options.connect_timeout = std::chrono::seconds(60);
    if (!options.random) options.random = [] { return 0.0; };  // no pauses
    return *Client::Create("127.0.0.1:" + std::to_string(port_), options);
  }

  // The next call fails so; several: one each.
  void FailNext(grpc::StatusCode code, std::string pushback = {}) {
    const std::lock_guard lock(mutex_);
    failures_.push_back({code, std::move(pushback)});
  }
  void Hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void Release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  // Waits until `count` calls have come in since the start.
  void AwaitCalls(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return calls_ >= count; });
  }
  int calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  // Region to key, of what is registered now.
  std::map<std::string, std::string> regions() const {
    const std::lock_guard lock(mutex_);
    return regions_;
  }
  inference::ModelInferRequest last_request() const {
    const std::lock_guard lock(mutex_);
    return last_request_;
  }

  grpc::Status ModelInfer(grpc::ServerContext* context, const inference::ModelInferRequest* request,
                          inference::ModelInferResponse* response) override {
    const grpc::Status begun = Begin(context);
    if (!begun.ok()) return begun;
    if (request->model_name() == "bad") return {grpc::StatusCode::INVALID_ARGUMENT, "it is bad"};
    const std::lock_guard lock(mutex_);
    last_request_ = *request;
    Echo(*request, response);
    return grpc::Status::OK;
  }

  grpc::Status ModelStreamInfer(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<inference::ModelStreamInferResponse, inference::ModelInferRequest>*
          stream) override {
    const grpc::Status begun = Begin(context);
    if (!begun.ok()) return begun;
    inference::ModelInferRequest request;
    while (stream->Read(&request)) {
      if (request.model_name() == "end") return {grpc::StatusCode::UNAVAILABLE, "it stops"};
      inference::ModelStreamInferResponse response;
      Echo(request, response.mutable_infer_response());
      if (request.model_name() == "bad") response.set_error_message("it is bad");
      stream->Write(response);
    }
    return grpc::Status::OK;
  }

  grpc::Status RepositoryModelLoad(grpc::ServerContext* context,
                                   const inference::RepositoryModelLoadRequest*,
                                   inference::RepositoryModelLoadResponse*) override {
    return Begin(context);
  }
  grpc::Status ServerMetadata(grpc::ServerContext* context, const inference::ServerMetadataRequest*,
                              inference::ServerMetadataResponse* response) override {
    response->set_name("fake");
    return Begin(context);
  }

  grpc::Status SystemSharedMemoryRegister(
      grpc::ServerContext* context, const inference::SystemSharedMemoryRegisterRequest* request,
      inference::SystemSharedMemoryRegisterResponse*) override {
    const grpc::Status begun = Begin(context);
    if (!begun.ok()) return begun;
    const std::lock_guard lock(mutex_);
    regions_[request->name()] = request->key();
    return grpc::Status::OK;
  }
  grpc::Status SystemSharedMemoryUnregister(
      grpc::ServerContext*, const inference::SystemSharedMemoryUnregisterRequest* request,
      inference::SystemSharedMemoryUnregisterResponse*) override {
    const std::lock_guard lock(mutex_);
    regions_.erase(request->name());
    return grpc::Status::OK;
  }

 private:
  struct Failure {
    grpc::StatusCode code;
    std::string pushback;
  };

  grpc::Status Begin(grpc::ServerContext* context) {
    std::unique_lock lock(mutex_);
    ++calls_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    if (failures_.empty()) return grpc::Status::OK;
    const Failure failure = failures_.front();
    failures_.pop_front();
    if (!failure.pushback.empty()) {
      context->AddTrailingMetadata("grpc-retry-pushback-ms", failure.pushback);
    }
    return {failure.code, "as the test wants"};
  }

  static void Echo(const inference::ModelInferRequest& request,
                   inference::ModelInferResponse* response) {
    response->set_model_name(request.model_name());
    response->set_id(request.id());
    for (const auto& input : request.inputs()) {
      auto* output = response->add_outputs();
      output->set_name(input.name());
      output->set_datatype(input.datatype());
      *output->mutable_shape() = input.shape();
      *output->mutable_parameters() = input.parameters();
    }
    *response->mutable_raw_output_contents() = request.raw_input_contents();
    // An entry for each output, also for what is in shared memory.
    while (response->raw_output_contents_size() < response->outputs_size()) {
      response->add_raw_output_contents();
    }
  }

  int port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Failure> failures_;
  bool held_ = false;
  int calls_ = 0;
  std::map<std::string, std::string> regions_;
  inference::ModelInferRequest last_request_;
  std::unique_ptr<grpc::Server> server_;
};

inline InferRequest Request(const std::string& model, float element) {
  InferRequest request;
  request.model = model;
  request.id = std::to_string(static_cast<int>(element));
  request.inputs = {MakeTensor("x", {1}, std::vector<float>{element})};
  return request;
}

inline float Element(const InferResponse& response) {
  return Elements<float>(response.outputs.at(0))->at(0);
}

}  // namespace flambeau::client
