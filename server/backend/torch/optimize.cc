#include "backend/torch/optimize.h"

#include <algorithm>

namespace flambeau {
namespace {

constexpr char kForward[] = "forward";

// A convolution runs in the layout of its weight, and hands that layout on: the input needs no
// change of its own. Returns whether there was a weight to change.
bool UseChannelsLast(const torch::jit::Module& module) {
  bool changed = false;
  for (at::Tensor weight : module.parameters()) {
    if (weight.dim() != 4 || !weight.is_floating_point()) continue;
    weight.set_data(weight.contiguous(at::MemoryFormat::ChannelsLast));
    changed = true;
  }
  return changed;
}

bool HasMethods(const torch::jit::Module& module, const std::vector<std::string>& methods) {
  return std::all_of(methods.begin(), methods.end(), [&module](const std::string& name) {
    return module.find_method(name).has_value();
  });
}

std::vector<std::string> WithoutForward(std::vector<std::string> methods) {
  methods.erase(std::remove(methods.begin(), methods.end(), kForward), methods.end());
  return methods;
}

}  // namespace

OptimizedModule Optimize(torch::jit::Module module, Optimizations wanted,
                         const std::vector<std::string>& methods) {
  OptimizedModule optimized{std::move(module), {}};
  // First: what freezes the weights keeps their layout.
  if (wanted.Has(Optimization::kChannelsLast) && UseChannelsLast(optimized.module)) {
    optimized.applied.Add(Optimization::kChannelsLast);
  }
  const bool infers = wanted.Has(Optimization::kOptimizeForInference);
  if (!infers && !wanted.Has(Optimization::kFreeze)) return optimized;
  // Both begin at forward.
  if (!optimized.module.find_method(kForward)) return optimized;
  const std::vector<std::string> others = WithoutForward(methods);
  torch::jit::Module frozen = torch::jit::freeze(optimized.module, others);
  if (!HasMethods(frozen, methods)) return optimized;
  optimized.module = std::move(frozen);
  if (wanted.Has(Optimization::kFreeze)) optimized.applied.Add(Optimization::kFreeze);
  // It would freeze a module that still has the attribute anew, without its other methods.
  if (!infers || optimized.module.hasattr("training")) return optimized;
  optimized.module = torch::jit::optimize_for_inference(optimized.module, others);
  optimized.applied.Add(Optimization::kOptimizeForInference);
  return optimized;
}

}  // namespace flambeau
