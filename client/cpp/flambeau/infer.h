// A request to a model, and its answer.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "flambeau/tensor.h"

namespace flambeau::client {

using Parameter = std::variant<bool, int64_t, double, std::string>;

struct InferRequest {
  std::string model;
  std::string version = {};  // empty: the one that serves
  std::string id = {};       // echoed
  std::vector<Tensor> inputs = {};
  std::vector<std::string> outputs = {};  // empty, and none below: all
  // Outputs that the server is to write into shared memory, by name.
  std::map<std::string, SharedMemorySlice> outputs_in_memory = {};
  // "priority", "timeout" in microseconds, "method", or an argument that is no tensor.
  std::map<std::string, Parameter> parameters = {};
};

struct InferResponse {
  std::string model;
  std::string version;
  std::string id;
  std::vector<Tensor> outputs;
};

}  // namespace flambeau::client
