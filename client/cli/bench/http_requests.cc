#include "cli/bench/http_requests.h"

#include <nlohmann/json.hpp>

#include "cli/json_tensor.h"

namespace flambeau::client {
namespace {

using nlohmann::ordered_json;

constexpr char kJsonType[] = "Content-Type: application/json\r\n";

std::string PredictPath(const std::string& model, const std::string& version) {
  return "/predict/" + model + (version.empty() ? "" : "/" + version);
}

}  // namespace

std::string HttpRequest::Bytes(const std::string& host) const {
  return "POST " + path + " HTTP/1.1\r\nHost: " + host + "\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string ModelPath(const std::string& model, const std::string& version) {
  return "/v2/models/" + model + (version.empty() ? "" : "/versions/" + version);
}

HttpRequest MakeBinaryRequest(const InferRequest& request) {
  ordered_json inputs = ordered_json::array();
  std::string data;
  for (const Tensor& input : request.inputs) {
    inputs.push_back({{"name", input.name},
                      {"shape", input.shape},
                      {"datatype", input.datatype},
                      {"parameters", {{"binary_data_size", input.bytes.size()}}}});
    data += input.bytes;
  }
  const ordered_json message = {{"inputs", inputs}, {"parameters", {{"binary_data_output", true}}}};
  const std::string text = message.dump();
  return {ModelPath(request.model, request.version) + "/infer",
          "Content-Type: application/octet-stream\r\nInference-Header-Content-Length: " +
              std::to_string(text.size()) + "\r\n",
          text + data};
}

absl::StatusOr<HttpRequest> MakeJsonRequest(const InferRequest& request) {
  std::string inputs;
  for (const Tensor& input : request.inputs) {
    const absl::StatusOr<std::string> data = TensorToJson(input);
    if (!data.ok()) return data.status();
    ordered_json entry = {
        {"name", input.name}, {"shape", input.shape}, {"datatype", input.datatype}};
    std::string text = entry.dump();
    text.pop_back();
    inputs += (inputs.empty() ? "" : ",") + text + ",\"data\":" + *data + "}";
  }
  return HttpRequest{ModelPath(request.model, request.version) + "/infer", kJsonType,
                     "{\"inputs\":[" + inputs + "]}"};
}

absl::StatusOr<HttpRequest> MakePredictRequest(const InferRequest& request) {
  std::string inputs;
  for (const Tensor& input : request.inputs) {
    const absl::StatusOr<std::string> data = TensorToJson(input);
    if (!data.ok()) return data.status();
    if (request.inputs.size() == 1) {
      return MakePredictRequest(request.model, request.version, *data);
    }
    inputs += (inputs.empty() ? "" : ",") + ordered_json(input.name).dump() + ":" + *data;
  }
  return MakePredictRequest(request.model, request.version, "{" + inputs + "}");
}

HttpRequest MakePredictRequest(const std::string& model, const std::string& version,
                               const std::string& input) {
  const size_t first = input.find_first_not_of(" \t\r\n");
  const bool named = first != std::string::npos && input[first] == '{';
  return {PredictPath(model, version), kJsonType,
          (named ? "{\"inputs\":" : "{\"input\":") + input + "}"};
}

}  // namespace flambeau::client
