// Which operators a model may use: nothing that reads files, talks to the network or is unknown.
#pragma once

#include <torch/csrc/jit/api/compilation_unit.h>

#include <string>
#include <vector>

#include "base/status.h"

namespace flambeau {

// Walks every function that was compiled, blocks and subgraphs included; runs nothing.
// Threads: any, while nothing is compiled into `unit`.
// Errors: INVALID_ARGUMENT naming the first operator that is refused, unless it is among `allowed`,
// and where it stands.
Status CheckOperators(const torch::jit::CompilationUnit& unit,
                      const std::vector<std::string>& allowed);

// Calls are inlined before a model runs: functions that each call another twice grow without bound.
// Threads, errors: as above; a sentence on the model's size.
Status CheckInlinedSize(const torch::jit::CompilationUnit& unit);

// May an object of the C++ class `qualified_name` (torch.classes.*) be made? Packed weights of
// quantized and prepacked layers may.
bool IsAllowedCustomClass(const std::string& qualified_name);

}  // namespace flambeau
