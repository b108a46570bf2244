// The client's calls about the server and its models.
#include <utility>

#include "flambeau/client.h"
#include "flambeau/core_internal.h"

namespace flambeau::client {
namespace {

template <typename Request>
Request Named(const std::string& model, const std::string& version) {
  Request request;
  request.set_name(model);
  request.set_version(version);
  return request;
}

}  // namespace

absl::StatusOr<bool> Client::Live(const CallOptions& call) {
  inference::ServerLiveResponse response;
  const absl::Status status = core_->Call(&Core::Stub::ServerLive, {}, &response, call, kNoRetry);
  if (!status.ok()) return status;
  return response.live();
}

absl::StatusOr<bool> Client::Ready(const CallOptions& call) {
  inference::ServerReadyResponse response;
  const absl::Status status = core_->Call(&Core::Stub::ServerReady, {}, &response, call, kNoRetry);
  if (!status.ok()) return status;
  return response.ready();
}

absl::StatusOr<bool> Client::ModelReady(const std::string& model, const std::string& version,
                                        const CallOptions& call) {
  const auto request = Named<inference::ModelReadyRequest>(model, version);
  inference::ModelReadyResponse response;
  const absl::Status status =
      core_->Call(&Core::Stub::ModelReady, request, &response, call, kNoRetry);
  if (!status.ok()) return status;
  return response.ready();
}

absl::StatusOr<ServerMetadata> Client::Server(const CallOptions& call) {
  inference::ServerMetadataResponse response;
  const absl::Status status =
      core_->Call(&Core::Stub::ServerMetadata, {}, &response, call, core_->options.retry);
  if (!status.ok()) return status;
  return ServerMetadata{response.name(),
                        response.version(),
                        {response.extensions().begin(), response.extensions().end()}};
}

absl::StatusOr<ModelMetadata> Client::Model(const std::string& model, const std::string& version,
                                            const CallOptions& call) {
  const auto request = Named<inference::ModelMetadataRequest>(model, version);
  inference::ModelMetadataResponse response;
  const absl::Status status =
      core_->Call(&Core::Stub::ModelMetadata, request, &response, call, core_->options.retry);
  if (!status.ok()) return status;
  return FromMessage(response);
}

absl::StatusOr<ModelConfig> Client::Config(const std::string& model, const std::string& version,
                                           const CallOptions& call) {
  const auto request = Named<inference::ModelConfigRequest>(model, version);
  inference::ModelConfigResponse response;
  const absl::Status status =
      core_->Call(&Core::Stub::ModelConfig, request, &response, call, core_->options.retry);
  if (!status.ok()) return status;
  return FromMessage(response);
}

absl::StatusOr<std::vector<ModelStatistics>> Client::Statistics(const std::string& model,
                                                                const std::string& version,
                                                                const CallOptions& call) {
  const auto request = Named<inference::ModelStatisticsRequest>(model, version);
  inference::ModelStatisticsResponse response;
  const absl::Status status =
      core_->Call(&Core::Stub::ModelStatistics, request, &response, call, core_->options.retry);
  if (!status.ok()) return status;
  return FromMessage(response);
}

absl::StatusOr<std::vector<ModelState>> Client::Index(const CallOptions& call) {
  inference::RepositoryIndexResponse response;
  const absl::Status status =
      core_->Call(&Core::Stub::RepositoryIndex, {}, &response, call, core_->options.retry);
  if (!status.ok()) return status;
  return FromMessage(response);
}

absl::Status Client::Load(const std::string& model, const CallOptions& call) {
  inference::RepositoryModelLoadRequest request;
  request.set_model_name(model);
  inference::RepositoryModelLoadResponse response;
  return core_->Call(&Core::Stub::RepositoryModelLoad, request, &response, call, kNoRetry);
}

absl::Status Client::Unload(const std::string& model, const CallOptions& call) {
  inference::RepositoryModelUnloadRequest request;
  request.set_model_name(model);
  inference::RepositoryModelUnloadResponse response;
  return core_->Call(&Core::Stub::RepositoryModelUnload, request, &response, call, kNoRetry);
}

absl::Status Client::RegisterSharedMemory(const std::string& name, const std::string& key,
                                          size_t byte_size, const CallOptions& call) {
  inference::SystemSharedMemoryRegisterRequest request;
  request.set_name(name);
  request.set_key(key);
  request.set_byte_size(byte_size);
  inference::SystemSharedMemoryRegisterResponse response;
  return core_->Call(&Core::Stub::SystemSharedMemoryRegister, request, &response, call, kNoRetry);
}

absl::Status Client::UnregisterSharedMemory(const std::string& name, const CallOptions& call) {
  inference::SystemSharedMemoryUnregisterRequest request;
  request.set_name(name);
  inference::SystemSharedMemoryUnregisterResponse response;
  return core_->Call(&Core::Stub::SystemSharedMemoryUnregister, request, &response, call, kNoRetry);
}

}  // namespace flambeau::client
