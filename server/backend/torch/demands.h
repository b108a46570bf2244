// What an operator wants of a tensor that follows from an argument: the heart of the signature.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include "backend/torch/argument_flow.h"
#include "backend/torch/claims.h"
#include "backend/torch/graph_constants.h"

namespace flambeau {

// Adds to `claim` what `node` demands of its input `index`, whose value is `flow`'s; or of an
// element of that input, number `element`, if it is a list. Threads: one. Errors: none; what is not
// certain is not claimed.
void Demand(const torch::jit::Node* node, size_t index, size_t element, const ArgumentFlow& flow,
            GraphConstants& constants, Claim& claim);

}  // namespace flambeau
