#include "cli/predict.h"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/exit_codes.h"
#include "cli/files.h"
#include "cli/json_tensor.h"
#include "cli/npy.h"

namespace flambeau::client {
namespace {

using nlohmann::json;

int Fail(const absl::Status& status, int code) {
  std::cerr << "flambeau: " << std::string(status.message()) << "\n";
  return code;
}

// Empty: let the values say it.
std::string DatatypeOf(const std::string& input, const ModelMetadata& metadata) {
  for (const TensorMetadata& tensor : metadata.inputs) {
    if (tensor.name != input) continue;
    return IsUnknown(metadata, "inputs." + input + ".datatype") ? "" : tensor.datatype;
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

// An output among several has its name, even where the others went into files.
absl::StatusOr<std::string> Render(const std::vector<Tensor>& outputs, bool several) {
  std::string text;
  for (const Tensor& output : outputs) {
    const absl::StatusOr<std::string> value = TensorToJson(output);
    if (!value.ok()) return value.status();
    if (!several) return "{\"output\": " + *value + "}";
    text += (text.empty() ? "" : ", ") + json(output.name).dump() + ": " + *value;
  }
  return "{\"outputs\": {" + text + "}}";
}

// What stands behind "NAME=", or all of it: JSON, "@FILE" or "-".
absl::StatusOr<std::string> ReadValue(const std::string& value) {
  if (value == "-") {
    return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  }
  if (value.empty() || value.front() != '@') return value;
  return ReadFile(value.substr(1));
}

bool IsWhole(const std::string& flag) {
  return flag.empty() || flag == "-" || flag.front() == '@' || json::accept(flag);
}

absl::Status NoInput() {
  return absl::InvalidArgumentError(
      "--input is not JSON; write it as '[[1, 2], [3, 4]]', @FILE, NAME=@FILE.npy, or - for "
      "standard input");
}

absl::Status AddJson(const std::string& name, const std::string& text, PredictInput* input) {
  json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) return NoInput();
  if (name.empty() && input->json.empty()) {
    input->json = text;
    return absl::OkStatus();
  }
  json all = input->json.empty() ? json::object() : json::parse(input->json);
  if (name.empty() || !all.is_object()) {
    return absl::InvalidArgumentError(
        "there are several --input, so each needs its name: --input NAME=...");
  }
  all[name] = std::move(value);
  input->json = all.dump();
  return absl::OkStatus();
}

// "NAME=FILE.npy": takes the output out of `outputs` and writes it.
absl::Status SaveOutput(const std::string& flag, std::vector<Tensor>* outputs) {
  const size_t sign = flag.rfind('=');
  const std::string name = flag.substr(0, sign);
  const auto found = std::find_if(outputs->begin(), outputs->end(),
                                  [&](const Tensor& output) { return output.name == name; });
  if (found == outputs->end()) {
    return absl::InvalidArgumentError("the answer has no output '" + name +
                                      "'; flambeau status --json shows the model's outputs");
  }
  const absl::StatusOr<std::string> bytes = TensorToNpy(*found);
  if (!bytes.ok()) return bytes.status();
  outputs->erase(found);
  return ReplaceFile(flag.substr(sign + 1), *bytes);
}

absl::Status CheckOutputs(const std::vector<std::string>& flags) {
  for (const std::string& flag : flags) {
    const size_t sign = flag.rfind('=');
    if (sign != std::string::npos && sign > 0 && flag.ends_with(".npy")) continue;
    return absl::InvalidArgumentError("--output '" + flag + "' is not written as NAME=FILE.npy");
  }
  return absl::OkStatus();
}

int Answer(const PredictOptions& options, std::vector<Tensor> outputs) {
  const bool several = outputs.size() > 1;
  for (const std::string& flag : options.outputs) {
    const absl::Status saved = SaveOutput(flag, &outputs);
    if (!saved.ok()) return Fail(saved, kExitUsage);
  }
  if (outputs.empty()) return kExitOk;
  const absl::StatusOr<std::string> answer = Render(outputs, several);
  if (!answer.ok()) return Fail(answer.status(), kExitServer);
  std::cout << *answer << "\n";
  return kExitOk;
}

}  // namespace

absl::StatusOr<PredictInput> ReadInputs(const std::vector<std::string>& flags) {
  PredictInput input;
  for (const std::string& flag : flags) {
    const size_t sign = IsWhole(flag) ? std::string::npos : flag.find('=');
    const std::string name = sign == std::string::npos ? "" : flag.substr(0, sign);
    const absl::StatusOr<std::string> value =
        ReadValue(sign == std::string::npos ? flag : flag.substr(sign + 1));
    if (!value.ok()) return value.status();
    if (IsNpy(*value)) {
      absl::StatusOr<Tensor> array = TensorFromNpy(name, *value);
      if (!array.ok()) return array.status();
      input.arrays.push_back(*std::move(array));
    } else if (const absl::Status added = AddJson(name, *value, &input); !added.ok()) {
      return added;
    }
  }
  return input;
}

absl::StatusOr<PredictInput> ReadPredictInput(const PredictOptions& options) {
  if (options.inputs.empty() && options.images.empty()) {
    return absl::InvalidArgumentError("there is no input; give --input JSON or --image FILE");
  }
  absl::StatusOr<PredictInput> input = ReadInputs(options.inputs);
  if (!input.ok()) return input;
  absl::StatusOr<std::vector<ImageFile>> images = ReadImages(options.images);
  if (!images.ok()) return images.status();
  absl::StatusOr<Shapes> shapes = ParseShapes(options.shapes);
  if (!shapes.ok()) return shapes.status();
  input->images = *std::move(images);
  input->image_options = {*std::move(shapes), options.mean, options.std};
  return input;
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

absl::StatusOr<std::vector<Tensor>> MakeInputs(const PredictInput& input,
                                               const ModelMetadata& metadata) {
  absl::StatusOr<std::vector<Tensor>> inputs = std::vector<Tensor>();
  if (!input.json.empty()) inputs = MakeInputs(input.json, metadata);
  if (!inputs.ok()) return inputs;
  for (Tensor array : input.arrays) {
    if (array.name.empty()) {
      if (metadata.inputs.size() != 1) return NeedsNames(metadata);
      array.name = metadata.inputs.front().name;
    }
    inputs->push_back(std::move(array));
  }
  return inputs;
}

int Predict(Client* client, const PredictOptions& options, const PredictInput& input) {
  const absl::Status checked = CheckOutputs(options.outputs);
  if (!checked.ok()) return Fail(checked, kExitUsage);
  const absl::StatusOr<ModelMetadata> metadata = client->Model(options.model, options.version);
  if (!metadata.ok()) return Fail(metadata.status(), kExitServer);
  absl::StatusOr<std::vector<Tensor>> inputs = MakeInputs(input, *metadata);
  if (!inputs.ok()) return Fail(inputs.status(), kExitUsage);
  absl::StatusOr<ImageInputs> images =
      MakeImageInputs(input.images, input.image_options, *metadata);
  if (!images.ok()) return Fail(images.status(), kExitUsage);
  for (const std::string& note : images->notes) std::cerr << "flambeau: " << note << "\n";
  std::move(images->tensors.begin(), images->tensors.end(), std::back_inserter(*inputs));
  InferRequest request;
  request.model = options.model;
  request.version = options.version;
  request.inputs = *std::move(inputs);
  absl::StatusOr<InferResponse> response = client->Infer(request);
  if (!response.ok()) return Fail(response.status(), kExitServer);
  return Answer(options, std::move(response->outputs));
}

}  // namespace flambeau::client
