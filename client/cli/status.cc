#include "cli/status.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace flambeau::client {
namespace {

using nlohmann::ordered_json;

constexpr char kGreen[] = "\033[32m";
constexpr char kRed[] = "\033[31m";
constexpr char kYellow[] = "\033[33m";
constexpr char kPlain[] = "\033[0m";

std::string Property(const ModelMetadata& metadata, const std::string& key) {
  const auto found = metadata.properties.find(key);
  return found == metadata.properties.end() ? "" : found->second;
}

// "image FP32[-1,1,8,8]"; what nobody knows yet is "any" and "[...]".
std::string Describe(const TensorMetadata& tensor, const ModelMetadata& metadata,
                     const std::string& kind) {
  const std::string key = kind + "." + tensor.name;
  std::string text = tensor.name + " ";
  text += Property(metadata, key + ".datatype") == "unknown" ? "any" : tensor.datatype;
  if (Property(metadata, key + ".shape") == "unknown") return text + "[...]";
  std::string dimensions;
  for (const int64_t dimension : tensor.shape) {
    dimensions += (dimensions.empty() ? "" : ",") + std::to_string(dimension);
  }
  return text + "[" + dimensions + "]";
}

std::string DescribeInputs(const ModelMetadata& metadata) {
  std::string text;
  for (const TensorMetadata& input : metadata.inputs) {
    text += (text.empty() ? "" : ", ") + Describe(input, metadata, "inputs");
  }
  return text;
}

std::string Padded(std::string text, size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

const char* ColourOf(const std::string& state) {
  if (state == "READY") return kGreen;
  return state == "UNAVAILABLE" ? kRed : kYellow;
}

ordered_json TensorsAsJson(const std::vector<TensorMetadata>& tensors) {
  ordered_json list = ordered_json::array();
  for (const TensorMetadata& tensor : tensors) {
    list.push_back({{"name", tensor.name}, {"datatype", tensor.datatype}, {"shape", tensor.shape}});
  }
  return list;
}

ordered_json ModelAsJson(const ModelReport& model) {
  ordered_json object = {
      {"name", model.state.name}, {"version", model.state.version}, {"state", model.state.state}};
  if (!model.state.reason.empty()) object["reason"] = model.state.reason;
  if (model.metadata.name.empty()) return object;
  object["inputs"] = TensorsAsJson(model.metadata.inputs);
  object["outputs"] = TensorsAsJson(model.metadata.outputs);
  object["properties"] = model.metadata.properties;
  return object;
}

}  // namespace

absl::StatusOr<ServerReport> AskStatus(Client* client, const std::string& address) {
  ServerReport report;
  report.address = address;
  const absl::StatusOr<ServerMetadata> server = client->Server();
  if (!server.ok()) return server.status();
  report.server = *server;
  const absl::StatusOr<bool> ready = client->Ready();
  if (!ready.ok()) return ready.status();
  report.ready = *ready;
  const absl::StatusOr<std::vector<ModelState>> states = client->Index();
  if (!states.ok()) return states.status();
  for (const ModelState& state : *states) {
    ModelReport model{state, {}};
    if (state.state == "READY") {
      absl::StatusOr<ModelMetadata> metadata = client->Model(state.name, state.version);
      if (metadata.ok()) model.metadata = *std::move(metadata);  // it may just have gone
    }
    report.models.push_back(std::move(model));
  }
  return report;
}

std::string StatusAsJson(const ServerReport& report) {
  ordered_json models = ordered_json::array();
  for (const ModelReport& model : report.models) models.push_back(ModelAsJson(model));
  const ordered_json object = {{"server",
                                {{"address", report.address},
                                 {"name", report.server.name},
                                 {"version", report.server.version},
                                 {"ready", report.ready},
                                 {"extensions", report.server.extensions}}},
                               {"models", models}};
  return object.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string StatusAsText(const ServerReport& report, bool colour) {
  const auto painted = [colour](const std::string& text, const char* code) {
    return colour ? code + text + kPlain : text;
  };
  std::string text = report.server.name + " " + report.server.version + " at " + report.address +
                     ": " + (report.ready ? painted("ready", kGreen) : painted("not ready", kRed)) +
                     "\n";
  if (report.models.empty()) return text + "no models\n";
  size_t name_width = 5;
  for (const ModelReport& model : report.models) {
    name_width = std::max(name_width, model.state.name.size());
  }
  text += "\n" + Padded("MODEL", name_width) + "  VERSION  STATE        INPUTS\n";
  for (const ModelReport& model : report.models) {
    text += Padded(model.state.name, name_width) + "  " + Padded(model.state.version, 7) + "  " +
            painted(Padded(model.state.state, 11), ColourOf(model.state.state)) + "  " +
            (model.state.reason.empty() ? DescribeInputs(model.metadata) : model.state.reason) +
            "\n";
  }
  return text;
}

}  // namespace flambeau::client
