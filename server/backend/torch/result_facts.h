// Datatype and shape of a method's results, where its graph is certain of them.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include "backend/facts.h"
#include "backend/torch/graph_constants.h"

namespace flambeau {

// Fills `facts.results`; leaves it empty if even the number of tensors is unknown.
// Threads: one. Errors: none.
void InferResults(const torch::jit::Graph& graph, GraphConstants& constants, MethodFacts& facts);

}  // namespace flambeau
