#include "cli/models.h"

#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "cli/table.h"

namespace flambeau::client {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kLabels = "labels.";

struct Label {
  std::string model;
  std::string name;
  std::string version;
  std::string share;  // percent; empty: requests reach it by name alone
};

// What Flambeau tells in a model's properties; other servers have no labels.
std::vector<Label> LabelsOf(const ModelMetadata& metadata) {
  std::vector<Label> labels;
  for (const auto& [key, version] : metadata.properties) {
    if (!key.starts_with(kLabels)) continue;
    Label label{metadata.name, key.substr(kLabels.size()), version, ""};
    const auto share = metadata.properties.find("shares." + label.name);
    if (share != metadata.properties.end()) label.share = share->second;
    labels.push_back(std::move(label));
  }
  return labels;
}

// Each version of a model tells them all.
std::vector<Label> LabelsOf(const ServerReport& report, const std::string& model) {
  std::vector<Label> all;
  std::string last;
  for (const ModelReport& version : report.models) {
    const std::string& name = version.metadata.name;
    if (name.empty() || name == last || (!model.empty() && name != model)) continue;
    last = name;
    for (Label& label : LabelsOf(version.metadata)) all.push_back(std::move(label));
  }
  return all;
}

// "stable, canary 10 %".
std::string LabelsOfVersion(const ModelReport& model) {
  std::string text;
  for (const Label& label : LabelsOf(model.metadata)) {
    if (label.version != model.state.version) continue;
    text += (text.empty() ? "" : ", ") + label.name;
    if (!label.share.empty()) text += " " + label.share + " %";
  }
  return text;
}

std::string BatchingOf(const ModelReport& model) {
  const auto found = model.metadata.properties.find("batching");
  return found == model.metadata.properties.end() ? "-" : found->second;
}

}  // namespace

std::string ModelsAsText(const ServerReport& report, bool colour) {
  if (report.models.empty()) return "no models\n";
  Table table({{"MODEL"}, {"VERSION"}, {"STATE"}, {"BATCHING"}, {"LABELS"}});
  for (const ModelReport& model : report.models) {
    const ModelState& state = model.state;
    table.AddRow({{state.name},
                  {state.version},
                  {state.state, ColourOf(state.state)},
                  {BatchingOf(model)},
                  {state.reason.empty() ? LabelsOfVersion(model) : state.reason}});
  }
  return table.ToText(colour);
}

std::string ModelsAsJson(const ServerReport& report) {
  return ordered_json::parse(StatusAsJson(report))["models"].dump(2) + "\n";
}

std::string LabelsAsText(const ServerReport& report, const std::string& model) {
  const std::vector<Label> labels = LabelsOf(report, model);
  if (labels.empty()) return "no labels\n";
  Table table({{"MODEL"}, {"LABEL"}, {"VERSION"}, {"SHARE"}});
  for (const Label& label : labels) {
    table.AddRow({{label.model},
                  {label.name},
                  {label.version},
                  {label.share.empty() ? "-" : label.share + " %"}});
  }
  return table.ToText(/*colour=*/false);
}

std::string LabelsAsJson(const ServerReport& report, const std::string& model) {
  ordered_json list = ordered_json::array();
  for (const Label& label : LabelsOf(report, model)) {
    ordered_json entry = {
        {"model", label.model}, {"label", label.name}, {"version", label.version}};
    if (!label.share.empty()) entry["share_percent"] = std::stod(label.share);
    list.push_back(std::move(entry));
  }
  return list.dump(2) + "\n";
}

}  // namespace flambeau::client
