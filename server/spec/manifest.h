// flambeau.json: what a model's author says of it, inside the model's file or beside it: names,
// datatypes and shapes, the labels of its classes, examples of its answers.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "spec/model_config.h"

namespace flambeau {

inline constexpr char kManifestFile[] = "flambeau.json";
inline constexpr size_t kMaxManifestBytes = 16 << 20;

struct MethodTensors {
  // Their dims are whole shapes, the batch included; empty: not declared.
  std::vector<ConfigTensor> inputs;
  std::vector<ConfigTensor> outputs;

  bool operator==(const MethodTensors&) const = default;
};

// Threads: a value. Lifetime: plain. Errors: ParseManifest checks.
struct Manifest {
  std::string description;
  std::map<std::string, MethodTensors> methods;  // "forward" holds the top level's
  std::string examples;                          // a JSON array; empty: there is none

  bool operator==(const Manifest&) const = default;
};

// Strict: a key that is not known is refused.
// Errors: INVALID_ARGUMENT, one sentence that names the file, the field and the fix.
Result<Manifest> ParseManifest(std::string_view text);

// Adds what `manifest` says of `forward` and `config` does not: inputs and outputs where it
// declares none, labels of the outputs that both name.
void Complete(const Manifest& manifest, ModelConfig* config);

}  // namespace flambeau
