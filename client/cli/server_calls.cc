#include "cli/server_calls.h"

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include "proto/inference.grpc.pb.h"

namespace flambeau::client {
namespace {

using Stub = inference::GRPCInferenceService::Stub;

Spent ToSpent(const inference::StatisticDuration& message) {
  return {static_cast<int64_t>(message.count()), static_cast<int64_t>(message.ns())};
}

ModelCounters ToCounters(const inference::ModelStatistics& message) {
  const auto& stats = message.inference_stats();
  ModelCounters counters;
  counters.name = message.name();
  counters.version = message.version();
  counters.inferences = static_cast<int64_t>(message.inference_count());
  counters.executions = static_cast<int64_t>(message.execution_count());
  counters.success = ToSpent(stats.success());
  counters.fail = ToSpent(stats.fail());
  counters.queue = ToSpent(stats.queue());
  counters.compute = ToSpent(stats.compute_infer());
  counters.compute.nanoseconds +=
      static_cast<int64_t>(stats.compute_input().ns() + stats.compute_output().ns());
  return counters;
}

class GrpcServerCalls final : public ServerCalls {
 public:
  GrpcServerCalls(const std::string& target, std::chrono::milliseconds timeout)
      : timeout_(timeout), stub_(grpc::CreateChannel(target, grpc::InsecureChannelCredentials())) {}

  absl::StatusOr<std::vector<ModelCounters>> Statistics(const std::string& model,
                                                        const std::string& version) override {
    inference::ModelStatisticsRequest request;
    request.set_name(model);
    request.set_version(version);
    inference::ModelStatisticsResponse response;
    const absl::Status status = Call(&Stub::ModelStatistics, request, &response);
    if (!status.ok()) return status;
    std::vector<ModelCounters> counters;
    counters.reserve(response.model_stats_size());
    for (const auto& entry : response.model_stats()) counters.push_back(ToCounters(entry));
    return counters;
  }

  absl::Status Load(const std::string& model) override {
    inference::RepositoryModelLoadRequest request;
    request.set_model_name(model);
    inference::RepositoryModelLoadResponse response;
    return Call(&Stub::RepositoryModelLoad, request, &response);
  }

  absl::Status Unload(const std::string& model) override {
    inference::RepositoryModelUnloadRequest request;
    request.set_model_name(model);
    inference::RepositoryModelUnloadResponse response;
    return Call(&Stub::RepositoryModelUnload, request, &response);
  }

 private:
  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + timeout_);
    const grpc::Status status = (stub_.*method)(&context, request, response);
    // gRPC's codes are Abseil's canonical ones, number for number.
    return {static_cast<absl::StatusCode>(status.error_code()), status.error_message()};
  }

  const std::chrono::milliseconds timeout_;
  Stub stub_;
};

}  // namespace

std::unique_ptr<ServerCalls> ServerCalls::Create(const std::string& target,
                                                 std::chrono::milliseconds timeout) {
  return std::make_unique<GrpcServerCalls>(target, timeout);
}

std::string SerializeInferRequest(const InferRequest& request) {
  inference::ModelInferRequest message;
  message.set_model_name(request.model);
  message.set_model_version(request.version);
  for (const Tensor& input : request.inputs) {
    auto* tensor = message.add_inputs();
    tensor->set_name(input.name);
    tensor->set_datatype(input.datatype);
    tensor->mutable_shape()->Add(input.shape.begin(), input.shape.end());
    message.add_raw_input_contents(input.bytes);
  }
  return message.SerializeAsString();
}

}  // namespace flambeau::client
