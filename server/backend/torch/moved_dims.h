// What operators that move dimensions about do to the shape of a tensor that follows from an
// argument.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <string_view>

#include "backend/torch/argument_flow.h"
#include "backend/torch/graph_constants.h"

namespace flambeau {

// `flow` after `node`, which is `op`; its shape is lost where that cannot be undone.
// Threads: one. Errors: none.
void MoveDims(const torch::jit::Node* node, std::string_view op, ArgumentFlow& flow,
              GraphConstants& constants);

}  // namespace flambeau
