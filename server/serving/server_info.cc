#include "serving/server_info.h"

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

#include "backend/argument_parts.h"
#include "backend/fact_rules.h"

namespace flambeau {
namespace {

struct Shown {
  TensorMetadata metadata;
  FactSource datatype = FactSource::kUnknown;
  FactSource shape = FactSource::kUnknown;
};

Shown ShowTensor(const std::string& name, const TensorFact& fact) {
  Shown shown{{name, "FP32", {-1}}, fact.dtype_source, fact.dims_source};
  if (fact.dtype.has_value()) shown.metadata.datatype = Name(*fact.dtype);
  if (fact.dims.has_value()) shown.metadata.shape.assign(fact.dims->begin(), fact.dims->end());
  return shown;
}

// The protocol knows only tensors: a scalar argument is one of shape [1], typed by the model's own
// code, which is as certain as its graph.
Shown ShowScalar(const std::string& name, ValueKind kind) {
  const std::optional<DType> dtype = ScalarDType(kind);
  if (!dtype) return {{name, "FP32", {-1}}};
  return {{name, std::string(Name(*dtype)), {1}}, FactSource::kGraph, FactSource::kGraph};
}

void AddProperties(const std::string& group, const Shown& shown,
                   std::map<std::string, std::string>* properties) {
  const std::string start = group + "." + shown.metadata.name;
  (*properties)[start + ".datatype"] = Name(shown.datatype);
  (*properties)[start + ".shape"] = Name(shown.shape);
}

void ShowPart(const ArgumentFact& argument, ModelMetadata* metadata) {
  const bool tensor = argument.kind == ValueKind::kTensor;
  const std::optional<ValueKind> element = ListElement(argument);
  Shown shown = tensor ? ShowTensor(argument.name, argument.tensor)
                       : ShowScalar(argument.name, element.value_or(argument.kind));
  if (element) shown.metadata.shape = {-1};
  AddProperties("inputs", shown, &metadata->properties);
  const std::string start = "inputs." + argument.name;
  if (!tensor) metadata->properties[start + ".type"] = argument.type;
  if (argument.optional || argument.has_default) metadata->properties[start + ".optional"] = "true";
  metadata->inputs.push_back(std::move(shown.metadata));
}

std::string Join(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) (text += text.empty() ? "" : "; ") += sentence;
  return text;
}

// An argument that comes in parts has its own type, too.
void ShowInput(const ArgumentFact& argument, ModelMetadata* metadata) {
  for (const ArgumentFact& part : PartsOf(argument)) ShowPart(part, metadata);
  if (!IsNested(argument)) return;
  const std::string start = "inputs." + argument.name;
  metadata->properties[start + ".type"] = argument.type;
  if (argument.optional || argument.has_default) metadata->properties[start + ".optional"] = "true";
}

// "(x: Tensor, scale: float = 1.0) -> Tensor"
std::string ShowSignature(const MethodFacts& method) {
  std::string text = "(";
  for (const ArgumentFact& argument : method.arguments) {
    if (text.size() > 1) text += ", ";
    text += argument.name + ": " + argument.type;
    if (argument.has_default) text += " = " + argument.default_text;
  }
  return text + ") -> " + method.result_type;
}

// Every version that is ready, the lowest first; the one asked for if one is.
std::vector<std::string> VersionsShown(const Repository& repository, const Servable& servable,
                                       bool all) {
  std::vector<std::string> versions;
  if (all) {
    for (const ServablePtr& ready : repository.Ready(servable.name())) {
      versions.insert(versions.begin(), std::to_string(ready->version()));
    }
  }
  // It may be unloaded at this moment.
  if (versions.empty()) versions.push_back(std::to_string(servable.version()));
  return versions;
}

void ShowRouting(const Routing& routing, ModelMetadata* metadata) {
  for (const auto& [label, version] : routing.labels) {
    metadata->properties["labels." + label] = std::to_string(version);
  }
  for (const auto& [label, percent] : routing.shares) {
    std::ostringstream text;
    text << percent;
    metadata->properties["shares." + label] = text.str();
  }
}

}  // namespace

std::string_view ServerVersion() { return FLAMBEAU_VERSION; }

ServerInfo::ServerInfo(Repository* repository, Gate* gate, std::vector<std::string> extensions)
    : repository_(repository), gate_(gate), extensions_(std::move(extensions)) {}

ServerMetadata ServerInfo::Server() const {
  // model_repository: its index; loading and unloading need a flag.
  ServerMetadata metadata = {
      "flambeau",
      std::string(ServerVersion()),
      {"classification", "model_repository", "schedule_policy", "model_configuration",
       "binary_tensor_data", "parameters", "statistics", "logging"}};
  metadata.extensions.insert(metadata.extensions.end(), extensions_.begin(), extensions_.end());
  return metadata;
}

bool ServerInfo::Ready() const { return !Stopping() && repository_->Settled(); }

Result<bool> ServerInfo::ModelReady(std::string_view name, std::string_view version) const {
  const Result<ServablePtr> servable = repository_->Resolve(name, version);
  if (servable.ok()) return !Stopping();
  if (servable.status().code() == StatusCode::kUnavailable) return false;
  return servable.status();
}

Result<ModelMetadata> ServerInfo::Model(std::string_view name, std::string_view version) const {
  FLAMBEAU_ASSIGN_OR_RETURN(const ServablePtr servable, repository_->Resolve(name, version));
  ModelMetadata metadata;
  metadata.name = servable->name();
  metadata.versions = VersionsShown(*repository_, *servable, version.empty());
  metadata.platform = servable->config()->platform;  // as the configuration shows it
  if (metadata.platform.empty()) metadata.platform = servable->facts().platform;
  ShowRouting(repository_->RoutingOf(metadata.name), &metadata);
  metadata.properties["optimizations"] = ToString(servable->facts().optimizations);
  const std::string notes = Join(servable->facts().notes);
  if (!notes.empty()) metadata.properties["notes"] = notes;
  if (servable->facts().methods.empty()) return metadata;
  const auto signature = servable->signature(0);
  for (const ArgumentFact& argument : signature->arguments) ShowInput(argument, &metadata);
  for (const ResultFact& result : signature->results) {
    Shown shown = ShowTensor(result.name, result.tensor);
    AddProperties("outputs", shown, &metadata.properties);
    metadata.outputs.push_back(std::move(shown.metadata));
  }
  const std::vector<MethodFacts>& methods = servable->facts().methods;
  for (const MethodFacts& method : methods) {
    if (methods.size() > 1) metadata.properties["methods." + method.name] = ShowSignature(method);
  }
  if (!servable->description().empty()) {
    metadata.properties["description"] = servable->description();
  }
  const Proof& proof = signature->static_proof;
  metadata.properties["batching"] = Name(proof.verdict);
  if (!proof.reason.empty()) metadata.properties["batching.reason"] = proof.reason;
  return metadata;
}

std::vector<IndexEntry> ServerInfo::Index(bool ready_only) const {
  std::vector<IndexEntry> entries = repository_->Index();
  if (!ready_only) return entries;
  const auto is_ready = [](const IndexEntry& entry) { return entry.state == ModelState::kReady; };
  entries.erase(std::stable_partition(entries.begin(), entries.end(), is_ready), entries.end());
  return entries;
}

Result<std::vector<ModelStatistics>> ServerInfo::Statistics(std::string_view name,
                                                            std::string_view version) const {
  return ReadStatistics(*repository_, name, version);
}

}  // namespace flambeau
