// What a module says about itself: its methods, their signatures, and whether rows may be merged.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <vector>

#include "backend/facts.h"
#include "backend/torch/model.h"

namespace flambeau {

struct ModuleDescription {
  Facts facts;                         // all but the device
  std::vector<MethodPlan> plans;       // as facts.methods
  std::vector<c10::IValue> constants;  // tensors inside the code
};

// The tensors inside the code of a function and of those that it calls.
// Threads: one. Errors: may throw LibTorch's.
std::vector<c10::IValue> TensorConstants(torch::jit::GraphFunction& function);

// Threads: one. Errors: INVALID_ARGUMENT if there is nothing to call; may throw LibTorch's.
Result<ModuleDescription> DescribeModule(const torch::jit::Module& module);

}  // namespace flambeau
