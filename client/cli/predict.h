// flambeau predict: one inference, from JSON or .npy files, to them.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "flambeau/client.h"

namespace flambeau::client {

struct PredictOptions {
  std::string model;
  std::string version;
  // JSON, "@FILE" of JSON or .npy, or "-" for standard input; or the same behind "NAME=".
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;  // "NAME=FILE.npy"
};

// What the flags --input stand for.
struct PredictInput {
  std::string json;            // empty: none
  std::vector<Tensor> arrays;  // of .npy files; a name is empty if the flag has none
};

// Errors: INVALID_ARGUMENT, one sentence: no such file, or neither JSON nor .npy.
absl::StatusOr<PredictInput> ReadInputs(const std::vector<std::string>& flags);

// The tensors that `text` describes: a list for a model of one input, an object by name for
// several. Errors: INVALID_ARGUMENT, one sentence.
absl::StatusOr<std::vector<Tensor>> MakeInputs(const std::string& text,
                                               const ModelMetadata& metadata);
// Those of `input`. Errors: as above.
absl::StatusOr<std::vector<Tensor>> MakeInputs(const PredictInput& input,
                                               const ModelMetadata& metadata);

// Writes what options.outputs names into files, and prints the rest: {"output": ...}, or
// {"outputs": {...}} if the model gives several; returns the exit code.
int Predict(Client* client, const PredictOptions& options, const PredictInput& input);

}  // namespace flambeau::client
