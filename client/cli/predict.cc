#include "cli/predict.h"

#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/exit_codes.h"
#include "cli/json_tensor.h"

namespace flambeau::client {
namespace {

using nlohmann::json;

int Fail(const absl::Status& status, int code) {
  std::cerr << "flambeau: " << std::string(status.message()) << "\n";
  return code;
}

std::string Slurp(std::istream& stream) {
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// Empty: let the values say it.
std::string DatatypeOf(const std::string& input, const ModelMetadata& metadata) {
  for (const TensorMetadata& tensor : metadata.inputs) {
    if (tensor.name != input) continue;
    const auto source = metadata.properties.find("inputs." + input + ".datatype");
    const bool unknown = source != metadata.properties.end() && source->second == "unknown";
    return unknown ? "" : tensor.datatype;
  }
  return "";
}

absl::Status NeedsNames(const ModelMetadata& metadata) {
  std::string names;
  for (const TensorMetadata& input : metadata.inputs) {
    names += (names.empty() ? "\"" : ", \"") + input.name + "\": ...";
  }
  return absl::InvalidArgumentError("model '" + metadata.name + "' takes " +
                                    std::to_string(metadata.inputs.size()) +
                                    " inputs; write --input '{" + names + "}'");
}

absl::StatusOr<std::string> Render(const InferResponse& response) {
  std::string text;
  for (const Tensor& output : response.outputs) {
    const absl::StatusOr<std::string> value = TensorToJson(output);
    if (!value.ok()) return value.status();
    if (response.outputs.size() == 1) return "{\"output\": " + *value + "}";
    text += (text.empty() ? "" : ", ") + json(output.name).dump() + ": " + *value;
  }
  return "{\"outputs\": {" + text + "}}";
}

}  // namespace

absl::StatusOr<std::string> ReadInput(const std::string& input) {
  std::string text = input;
  if (input == "-") {
    text = Slurp(std::cin);
  } else if (!input.empty() && input.front() == '@') {
    std::ifstream file(input.substr(1), std::ios::binary);
    if (!file) {
      return absl::InvalidArgumentError("the file '" + input.substr(1) + "' cannot be read");
    }
    text = Slurp(file);
  }
  if (!json::accept(text)) {
    return absl::InvalidArgumentError(
        "--input is not JSON; write it as '[[1, 2], [3, 4]]', @FILE, or - for standard input");
  }
  return text;
}

absl::StatusOr<std::vector<Tensor>> MakeInputs(const std::string& text,
                                               const ModelMetadata& metadata) {
  json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) return absl::InvalidArgumentError("the input is not JSON");
  if (!value.is_object()) {
    if (metadata.inputs.size() != 1) return NeedsNames(metadata);
    json named = json::object();
    named[metadata.inputs.front().name] = std::move(value);
    value = std::move(named);
  }
  std::vector<Tensor> inputs;
  for (const auto& [name, data] : value.items()) {
    absl::StatusOr<Tensor> tensor = TensorFromJson(name, DatatypeOf(name, metadata), data);
    if (!tensor.ok()) return tensor.status();
    inputs.push_back(*std::move(tensor));
  }
  return inputs;
}

int Predict(Client* client, const PredictOptions& options, const std::string& text) {
  const absl::StatusOr<ModelMetadata> metadata = client->Model(options.model, options.version);
  if (!metadata.ok()) return Fail(metadata.status(), kExitServer);
  absl::StatusOr<std::vector<Tensor>> inputs = MakeInputs(text, *metadata);
  if (!inputs.ok()) return Fail(inputs.status(), kExitUsage);
  InferRequest request;
  request.model = options.model;
  request.version = options.version;
  request.inputs = *std::move(inputs);
  const absl::StatusOr<InferResponse> response = client->Infer(request);
  if (!response.ok()) return Fail(response.status(), kExitServer);
  const absl::StatusOr<std::string> answer = Render(*response);
  if (!answer.ok()) return Fail(answer.status(), kExitServer);
  std::cout << *answer << "\n";
  return kExitOk;
}

}  // namespace flambeau::client
