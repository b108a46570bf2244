// A method's arguments, inferred from the operators that consume them.
#pragma once

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>

#include <string>
#include <unordered_set>

#include "backend/facts.h"

namespace flambeau {

// Fills `facts.arguments[i].tensor` from `graph` (inlined), whose inputs are self and then the
// arguments. Claims only what holds on every path; what is not sure stays unknown.
// `assigned`: the attributes that the code writes, whose values are not known.
// Threads: one. Errors: none.
void InferArguments(const torch::jit::Graph& graph, const torch::jit::Module& module,
                    const std::unordered_set<std::string>& assigned, MethodFacts& facts);

}  // namespace flambeau
