#include "cli/status.h"

#include <nlohmann/json.hpp>

#include "cli/shapes.h"
#include "cli/table.h"

namespace flambeau::client {
namespace {

using nlohmann::ordered_json;

constexpr char kPlain[] = "\033[0m";

// "image FP32[-1,1,8,8]"; what nobody knows yet is "any" and "[...]".
std::string Describe(const TensorMetadata& tensor, const ModelMetadata& metadata,
                     const std::string& kind) {
  const std::string key = kind + "." + tensor.name;
  std::string text = tensor.name + " ";
  text += IsUnknown(metadata, key + ".datatype") ? "any" : tensor.datatype;
  if (IsUnknown(metadata, key + ".shape")) return text + "[...]";
  return text + "[" + ShapeToText(tensor.shape) + "]";
}

std::string DescribeInputs(const ModelMetadata& metadata) {
  std::string text;
  for (const TensorMetadata& input : metadata.inputs) {
    text += (text.empty() ? "" : ", ") + Describe(input, metadata, "inputs");
  }
  return text;
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
  Table table({{"MODEL"}, {"VERSION"}, {"STATE"}, {"INPUTS"}});
  for (const ModelReport& model : report.models) {
    const ModelState& state = model.state;
    table.AddRow({{state.name},
                  {state.version},
                  {state.state, ColourOf(state.state)},
                  {state.reason.empty() ? DescribeInputs(model.metadata) : state.reason}});
  }
  return text + "\n" + table.ToText(colour);
}

}  // namespace flambeau::client
