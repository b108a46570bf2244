// What a method writes besides its results: the model's attributes, the caller's tensors.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <string>

#include "backend/torch/graph_constants.h"

namespace flambeau {

struct Writes {
  std::string attributes;  // a sentence that names the operator; empty if it writes none
  bool inputs = false;
};

// Walks `graph` (inlined), leaving out branches that never run.
// Threads: one. Errors: none; in doubt, it writes.
Writes FindWrites(const torch::jit::Graph& graph, GraphConstants& constants);

}  // namespace flambeau
