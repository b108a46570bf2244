// The static half of the proof: may rows of different requests share a run of this graph?
#pragma once

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>

#include <string>
#include <unordered_set>

#include "backend/facts.h"

namespace flambeau {

// Follows the batch, dimension 0 of every tensor argument, through `graph` (inlined). kProven means
// that no operator was found to mix rows; the dynamic gate has yet to confirm it.
// `facts`: the arguments' signature, whose certain ranks are used.
// Threads: one. Errors: none.
Proof ProveStatically(const torch::jit::Graph& graph, const torch::jit::Module& module,
                      const std::unordered_set<std::string>& assigned, const MethodFacts& facts);

}  // namespace flambeau
