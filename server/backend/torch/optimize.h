// LibTorch's own ways to make a module faster. Some have changed results before: what calls this
// holds the answers against those of the module as it was (batching/optimization_trial.h).
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <string>
#include <vector>

#include "backend/optimizations.h"

namespace flambeau {

struct OptimizedModule {
  torch::jit::Module module;
  Optimizations applied;  // of those wanted, the ones that changed something
};

// `methods`: those that must still be there afterwards, with their signatures. `module` itself may
// be changed, too, and is of no use any more.
// Threads: one. Errors: throws LibTorch's.
OptimizedModule Optimize(torch::jit::Module module, Optimizations wanted,
                         const std::vector<std::string>& methods);

}  // namespace flambeau
