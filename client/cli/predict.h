// flambeau predict: one inference, JSON in and out.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "flambeau/client.h"

namespace flambeau::client {

struct PredictOptions {
  std::string model;
  std::string version;
  std::string input;  // JSON, "@FILE", or "-" for standard input
};

// What the flag --input stands for. Errors: INVALID_ARGUMENT if it is not there or no JSON.
absl::StatusOr<std::string> ReadInput(const std::string& input);

// The tensors that `text` describes: a list for a model of one input, an object by name for
// several. Errors: INVALID_ARGUMENT, one sentence.
absl::StatusOr<std::vector<Tensor>> MakeInputs(const std::string& text,
                                               const ModelMetadata& metadata);

// Prints {"output": ...}, or {"outputs": {...}} if there are several; returns the exit code.
int Predict(Client* client, const PredictOptions& options, const std::string& text);

}  // namespace flambeau::client
