#include <algorithm>
#include <utility>

#include "cli/bench/target.h"
#include "flambeau/client.h"

namespace flambeau::client {
namespace {

class GrpcTarget final : public Target {
 public:
  GrpcTarget(std::unique_ptr<Client> client, std::string model, std::string version)
      : client_(std::move(client)), model_(std::move(model)), version_(std::move(version)) {}

  absl::StatusOr<ModelMetadata> Metadata() override { return client_->Model(model_, version_); }
  absl::StatusOr<std::vector<ModelStatistics>> Statistics() override {
    return client_->Statistics(model_, version_);
  }

 private:
  const std::unique_ptr<Client> client_;
  const std::string model_;
  const std::string version_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Target>> MakeGrpcTarget(const std::string& address,
                                                       const std::string& model,
                                                       const std::string& version,
                                                       std::chrono::milliseconds timeout) {
  Client::Options options;
  options.call_timeout = timeout;
  options.connect_timeout = std::min(options.connect_timeout, timeout);
  absl::StatusOr<std::unique_ptr<Client>> client = Client::Create(address, options);
  if (!client.ok()) return client.status();
  return std::make_unique<GrpcTarget>(*std::move(client), model, version);
}

}  // namespace flambeau::client
