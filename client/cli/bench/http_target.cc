#include <httplib.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/bench/http_requests.h"
#include "cli/bench/target.h"

namespace flambeau::client {
namespace {

using nlohmann::json;

std::vector<TensorMetadata> ToTensors(const json& list) {
  std::vector<TensorMetadata> tensors;
  for (const json& entry : list) {
    tensors.push_back({entry.at("name"), entry.at("datatype"), entry.at("shape")});
  }
  return tensors;
}

ModelMetadata ToMetadata(const json& object) {
  ModelMetadata metadata;
  metadata.name = object.at("name");
  metadata.inputs = ToTensors(object.at("inputs"));
  metadata.properties = object.value("properties", std::map<std::string, std::string>());
  return metadata;
}

DurationStatistic ToDuration(const json& stats, const char* name) {
  const json entry = stats.value(name, json::object());
  return {entry.value("count", uint64_t{0}),
          std::chrono::nanoseconds(entry.value("ns", int64_t{0}))};
}

ModelStatistics ToStatistics(const json& object) {
  const json& stats = object.at("inference_stats");
  ModelStatistics model;
  model.name = object.at("name");
  model.version = object.at("version");
  model.inference_count = object.at("inference_count");
  model.execution_count = object.at("execution_count");
  model.success = ToDuration(stats, "success");
  model.fail = ToDuration(stats, "fail");
  model.queue = ToDuration(stats, "queue");
  model.compute_input = ToDuration(stats, "compute_input");
  model.compute_infer = ToDuration(stats, "compute_infer");
  model.compute_output = ToDuration(stats, "compute_output");
  return model;
}

class HttpTarget final : public Target {
 public:
  HttpTarget(const HttpAddress& address, const std::string& model, const std::string& version,
             std::chrono::milliseconds timeout)
      : place_(address.host + ":" + address.port),
        path_(ModelPath(model, version)),
        client_(address.host, std::atoi(address.port.c_str())) {
    client_.set_read_timeout(timeout);
    client_.set_connection_timeout(timeout);
  }

  absl::StatusOr<ModelMetadata> Metadata() override {
    const absl::StatusOr<json> object = Get(path_);
    if (!object.ok()) return object.status();
    try {
      return ToMetadata(*object);
    } catch (const json::exception&) {  // nlohmann's way to say that a member is missing
      return NotTheProtocols(path_);
    }
  }

  absl::StatusOr<std::vector<ModelStatistics>> Statistics() override {
    const absl::StatusOr<json> object = Get(path_ + "/stats");
    if (!object.ok()) return object.status();
    try {
      std::vector<ModelStatistics> models;
      for (const json& entry : object->at("model_stats")) models.push_back(ToStatistics(entry));
      return models;
    } catch (const json::exception&) {
      return NotTheProtocols(path_ + "/stats");
    }
  }

 private:
  absl::Status NotTheProtocols(const std::string& path) const {
    return absl::UnimplementedError(place_ + path +
                                    " is not as the Open Inference Protocol has it");
  }

  absl::StatusOr<json> Get(const std::string& path) {
    const httplib::Result answer = client_.Get(path);
    if (!answer) {
      return absl::UnavailableError("no server answers at " + place_ + " (" +
                                    httplib::to_string(answer.error()) + ")");
    }
    json object = json::parse(answer->body, nullptr, /*allow_exceptions=*/false);
    if (answer->status == 200 && object.is_object()) return object;
    if (object.is_object() && object.contains("error") && object["error"].is_string()) {
      return absl::NotFoundError(object["error"].get<std::string>());
    }
    return absl::NotFoundError(place_ + path + " was answered with status " +
                               std::to_string(answer->status));
  }

  const std::string place_;
  const std::string path_;
  httplib::Client client_;
};

}  // namespace

std::unique_ptr<Target> MakeHttpTarget(const HttpAddress& address, const std::string& model,
                                       const std::string& version,
                                       std::chrono::milliseconds timeout) {
  return std::make_unique<HttpTarget>(address, model, version, timeout);
}

}  // namespace flambeau::client
