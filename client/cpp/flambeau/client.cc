#include "flambeau/client.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <utility>

#include "proto/inference.grpc.pb.h"

namespace flambeau::client {
namespace {

using Stub = inference::GRPCInferenceService::Stub;

absl::Status ToStatus(const grpc::Status& status) {
  // gRPC's codes are Abseil's canonical ones, number for number.
  return {static_cast<absl::StatusCode>(status.error_code()), status.error_message()};
}

TensorMetadata ToMetadata(const inference::ModelMetadataResponse::TensorMetadata& message) {
  return {message.name(), message.datatype(), {message.shape().begin(), message.shape().end()}};
}

ModelMetadata ToMetadata(const inference::ModelMetadataResponse& message) {
  ModelMetadata metadata;
  metadata.name = message.name();
  metadata.versions.assign(message.versions().begin(), message.versions().end());
  metadata.platform = message.platform();
  for (const auto& input : message.inputs()) metadata.inputs.push_back(ToMetadata(input));
  for (const auto& output : message.outputs()) metadata.outputs.push_back(ToMetadata(output));
  metadata.properties.insert(message.properties().begin(), message.properties().end());
  return metadata;
}

inference::ModelInferRequest ToMessage(const InferRequest& request) {
  inference::ModelInferRequest message;
  message.set_model_name(request.model);
  message.set_model_version(request.version);
  message.set_id(request.id);
  for (const Tensor& input : request.inputs) {
    auto* tensor = message.add_inputs();
    tensor->set_name(input.name);
    tensor->set_datatype(input.datatype);
    tensor->mutable_shape()->Add(input.shape.begin(), input.shape.end());
    message.add_raw_input_contents(input.bytes);
  }
  for (const std::string& output : request.outputs) message.add_outputs()->set_name(output);
  return message;
}

absl::StatusOr<InferResponse> FromMessage(inference::ModelInferResponse* message) {
  if (message->raw_output_contents_size() != message->outputs_size()) {
    return absl::UnimplementedError(
        "the server answers with typed contents, which this client does not read");
  }
  InferResponse response{message->model_name(), message->model_version(), message->id(), {}};
  for (int i = 0; i < message->outputs_size(); ++i) {
    const auto& output = message->outputs(i);
    response.outputs.push_back({output.name(),
                                output.datatype(),
                                {output.shape().begin(), output.shape().end()},
                                std::move(*message->mutable_raw_output_contents(i))});
  }
  return response;
}

class GrpcClient final : public Client {
 public:
  GrpcClient(const std::shared_ptr<grpc::Channel>& channel, const Options& options)
      : options_(options), stub_(channel) {}

  absl::StatusOr<bool> Live() override {
    inference::ServerLiveResponse response;
    const absl::Status status = Call(&Stub::ServerLive, {}, &response);
    if (!status.ok()) return status;
    return response.live();
  }

  absl::StatusOr<bool> Ready() override {
    inference::ServerReadyResponse response;
    const absl::Status status = Call(&Stub::ServerReady, {}, &response);
    if (!status.ok()) return status;
    return response.ready();
  }

  absl::StatusOr<bool> ModelReady(const std::string& model, const std::string& version) override {
    inference::ModelReadyRequest request;
    request.set_name(model);
    request.set_version(version);
    inference::ModelReadyResponse response;
    const absl::Status status = Call(&Stub::ModelReady, request, &response);
    if (!status.ok()) return status;
    return response.ready();
  }

  absl::StatusOr<ServerMetadata> Server() override {
    inference::ServerMetadataResponse response;
    const absl::Status status = Call(&Stub::ServerMetadata, {}, &response);
    if (!status.ok()) return status;
    return ServerMetadata{response.name(),
                          response.version(),
                          {response.extensions().begin(), response.extensions().end()}};
  }

  absl::StatusOr<ModelMetadata> Model(const std::string& model,
                                      const std::string& version) override {
    inference::ModelMetadataRequest request;
    request.set_name(model);
    request.set_version(version);
    inference::ModelMetadataResponse response;
    const absl::Status status = Call(&Stub::ModelMetadata, request, &response);
    if (!status.ok()) return status;
    return ToMetadata(response);
  }

  absl::StatusOr<std::vector<ModelState>> Index() override {
    inference::RepositoryIndexResponse response;
    const absl::Status status = Call(&Stub::RepositoryIndex, {}, &response);
    if (!status.ok()) return status;
    std::vector<ModelState> states;
    for (const auto& model : response.models()) {
      states.push_back({model.name(), model.version(), model.state(), model.reason()});
    }
    return states;
  }

  absl::StatusOr<InferResponse> Infer(const InferRequest& request) override {
    inference::ModelInferResponse response;
    const absl::Status status = Call(&Stub::ModelInfer, ToMessage(request), &response);
    if (!status.ok()) return status;
    return FromMessage(&response);
  }

 private:
  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + options_.call_timeout);
    return ToStatus((stub_.*method)(&context, request, response));
  }

  const Options options_;
  Stub stub_;
};

template <typename T>
Tensor Make(std::string name, std::string datatype, std::vector<int64_t> shape,
            const std::vector<T>& elements) {
  std::string bytes(reinterpret_cast<const char*>(elements.data()), elements.size() * sizeof(T));
  return {std::move(name), std::move(datatype), std::move(shape), std::move(bytes)};
}

}  // namespace

Tensor MakeTensor(std::string name, std::vector<int64_t> shape,
                  const std::vector<float>& elements) {
  return Make(std::move(name), "FP32", std::move(shape), elements);
}

Tensor MakeTensor(std::string name, std::vector<int64_t> shape,
                  const std::vector<int64_t>& elements) {
  return Make(std::move(name), "INT64", std::move(shape), elements);
}

absl::StatusOr<std::unique_ptr<Client>> Client::Create(const std::string& target,
                                                       const Options& options) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  const std::shared_ptr<grpc::Channel> channel =
      grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + options.connect_timeout)) {
    return absl::UnavailableError("no server answers at " + target +
                                  "; is it running, and is this its gRPC port?");
  }
  return std::make_unique<GrpcClient>(channel, options);
}

}  // namespace flambeau::client
