// A method's arguments, inferred from the operators that consume them.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include "backend/facts.h"
#include "backend/torch/graph_constants.h"

namespace flambeau {

// Fills `facts.arguments[i].tensor` from `graph` (inlined), whose inputs are self and then the
// arguments. Claims only what holds on every path; what is not sure stays unknown.
// Threads: one. Errors: none.
void InferArguments(const torch::jit::Graph& graph, GraphConstants& constants, MethodFacts& facts);

}  // namespace flambeau
