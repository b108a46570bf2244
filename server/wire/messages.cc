#include "wire/messages.h"

#include <nlohmann/json.hpp>

#include "codec/json_cursor.h"
#include "wire/parameters.h"

namespace flambeau {
namespace {

// Keeps its keys in the order in which they are set.
using Json = nlohmann::ordered_json;

// Text that is not UTF-8 must not throw: U+FFFD stands in.
std::string Dump(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json TensorJson(const TensorMetadata& tensor) {
  Json json;
  json["name"] = tensor.name;
  json["datatype"] = tensor.datatype;
  json["shape"] = tensor.shape;
  return json;
}

Json IndexJson(const IndexEntry& entry) {
  Json json;
  json["name"] = entry.name;
  json["version"] = entry.version > 0 ? std::to_string(entry.version) : "";
  json["state"] = std::string(Name(entry.state));
  json["reason"] = entry.reason;
  return json;
}

}  // namespace

std::string EncodeError(std::string_view sentence) {
  std::string out = R"({"error":)";
  AppendString(sentence, &out);
  return out + '}';
}

std::string EncodeLive(bool live) { return live ? R"({"live":true})" : R"({"live":false})"; }

std::string EncodeReady(bool ready) { return ready ? R"({"ready":true})" : R"({"ready":false})"; }

std::string EncodeModelReady(std::string_view name, bool ready) {
  std::string out = R"({"name":)";
  AppendString(name, &out);
  return out + (ready ? R"(,"ready":true})" : R"(,"ready":false})");
}

std::string EncodeServerMetadata(const ServerMetadata& metadata) {
  Json json;
  json["name"] = metadata.name;
  json["version"] = metadata.version;
  json["extensions"] = metadata.extensions;
  return Dump(json);
}

std::string EncodeModelMetadata(const ModelMetadata& metadata) {
  Json json;
  json["name"] = metadata.name;
  json["versions"] = metadata.versions;
  json["platform"] = metadata.platform;
  json["inputs"] = Json::array();
  for (const TensorMetadata& input : metadata.inputs) json["inputs"].push_back(TensorJson(input));
  json["outputs"] = Json::array();
  for (const TensorMetadata& output : metadata.outputs) {
    json["outputs"].push_back(TensorJson(output));
  }
  json["properties"] = Json::object();
  for (const auto& [key, value] : metadata.properties) json["properties"][key] = value;
  return Dump(json);
}

std::string EncodeIndex(const std::vector<IndexEntry>& entries) {
  Json json = Json::array();
  for (const IndexEntry& entry : entries) json.push_back(IndexJson(entry));
  return Dump(json);
}

std::string EncodeWelcome(const ServerMetadata& server, const std::vector<IndexEntry>& entries) {
  Json json;
  json["name"] = server.name;
  json["version"] = server.version;
  json["models"] = Json::array();
  for (const IndexEntry& entry : entries) {
    Json model = IndexJson(entry);
    if (entry.reason.empty()) model.erase("reason");
    model["predict"] = "/predict/" + entry.name;
    model["inputs"] = "/v2/models/" + entry.name;  // where its inputs are described
    json["models"].push_back(std::move(model));
  }
  json["endpoints"] = {"POST /predict",
                       "POST /predict/{model}",
                       "POST /predict/{model}/{version}",
                       "GET /v2",
                       "GET /v2/health/live",
                       "GET /v2/health/ready",
                       "GET /v2/models/{model}",
                       "GET /v2/models/{model}/ready",
                       "GET /v2/models/{model}/config",
                       "POST /v2/models/{model}/infer",
                       "POST /v2/models/{model}/generate",
                       "POST /v2/models/{model}/generate_stream",
                       "POST /v2/repository/index",
                       "GET /v2/logging",
                       "GET /metrics"};
  return Dump(json, 2) + '\n';
}

Result<bool> DecodeIndexRequest(PaddedJson body) {
  bool ready = false;
  FLAMBEAU_RETURN_IF_ERROR(DecodeOptionalBody(body, [&ready](JsonCursor* cursor) -> Status {
    if (cursor->key() != "ready") {
      return InvalidArgument("the key " + cursor->Path() +
                             R"( is not known: send {} or {"ready": true})");
    }
    FLAMBEAU_ASSIGN_OR_RETURN(ready, cursor->TakeBool());
    return OkStatus();
  }));
  return ready;
}

}  // namespace flambeau
