// flambeau predict: one inference, from JSON, .npy files or pictures, to JSON and .npy files.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/image_input.h"
#include "flambeau/client.h"

namespace flambeau::client {

struct PredictOptions {
  std::string model;
  std::string version;
  // JSON, "@FILE" of JSON or .npy, or "-" for standard input; or the same behind "NAME=".
  std::vector<std::string> inputs;
  std::vector<std::string> images;  // "FILE" or "NAME=FILE": PNG or JPEG
  std::vector<std::string> shapes;  // of images' inputs: "NAME=1,3,224,224"
  std::vector<double> mean;         // of images, as ImageOptions has them
  std::vector<double> std;
  std::vector<std::string> outputs;  // "NAME=FILE.npy"
};

// What the flags stand for.
struct PredictInput {
  std::string json;            // empty: none
  std::vector<Tensor> arrays;  // of .npy files; a name is empty if the flag has none
  std::vector<ImageFile> images;
  ImageOptions image_options;
};

// Of --input alone. Errors: INVALID_ARGUMENT, one sentence: no such file, or neither JSON nor .npy.
absl::StatusOr<PredictInput> ReadInputs(const std::vector<std::string>& flags);
// Of all flags. Errors: as above; or there is none.
absl::StatusOr<PredictInput> ReadPredictInput(const PredictOptions& options);

// The tensors that `text` describes: a list for a model of one input, an object by name for
// several. Errors: INVALID_ARGUMENT, one sentence.
absl::StatusOr<std::vector<Tensor>> MakeInputs(const std::string& text,
                                               const ModelMetadata& metadata);
// Those of `input`, apart from its images. Errors: as above.
absl::StatusOr<std::vector<Tensor>> MakeInputs(const PredictInput& input,
                                               const ModelMetadata& metadata);

// Writes what options.outputs names into files, and prints the rest: {"output": ...}, or
// {"outputs": {...}} if the model gives several; returns the exit code.
int Predict(Client* client, const PredictOptions& options, const PredictInput& input);

}  // namespace flambeau::client
