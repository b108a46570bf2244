// Loads a TorchScript file without running any of its code before every operator was allowed.
#pragma once

#include <c10/core/Device.h>
#include <torch/csrc/jit/api/module.h>

#include <functional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/status.h"

namespace flambeau {

struct LoadedModule {
  torch::jit::Module module;
  std::string manifest;  // the archive's extra file flambeau.json; empty if it has none
};

// The module on `device`, in eval mode. `allowed_operators` are taken although they are refused by
// themselves.
//
// LibTorch's own torch::jit::load runs a model's __setstate__ while it reads. This compiles the
// code of all classes first, checks every function, and only then restores the objects that need
// code; what was checked is the very code that runs.
//
// Threads: any. Lifetime: the module owns all it needs; the file may go.
// Errors: INVALID_ARGUMENT, one sentence; RESOURCE_EXHAUSTED without memory.
Result<LoadedModule> LoadModule(const std::string& path, c10::Device device,
                                const std::vector<std::string>& allowed_operators, Log* log);

// Calls `visit` for every value inside `root`: attributes, elements, tensors; each object once.
void VisitValues(const c10::IValue& root, const std::function<void(const c10::IValue&)>& visit);

}  // namespace flambeau
