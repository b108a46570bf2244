// The LibTorch backend and the module's one exported symbol.
#include "backend/backend.h"

#include <torch/csrc/jit/runtime/symbolic_script.h>
#include <torch/version.h>

#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "backend/torch/device.h"
#include "backend/torch/errors.h"
#include "backend/torch/model.h"
#include "base/thread.h"

namespace flambeau {
namespace {

// The first run of the first model asks whether its operators have derivatives, and LibTorch then
// compiles those of all operators, for 40 ms: begun at once, that is done by the time a model is
// read. Failing, it is tried again by that run, which tells what is wrong.
void CompileDerivatives() {
  try {
    torch::jit::hasGradientInfoForSchema(c10::FunctionSchema("aten::linear", "", {}, {}));
  } catch (const std::exception&) {
  }
}

class TorchBackend final : public Backend {
 public:
  explicit TorchBackend(const BackendEnvironment& environment)
      : log_(environment.log),
        health_(environment.on_device_lost),
        derivatives_("derivatives", CompileDerivatives) {
    if (environment.allowed_operators) allowed_operators_ = *environment.allowed_operators;
  }

  std::string name() const override { return "pytorch"; }
  std::string version() const override { return TORCH_VERSION; }

  Result<std::string> ResolveDevice(const std::string& wanted) override {
    FLAMBEAU_ASSIGN_OR_RETURN(const c10::Device device, FindDevice(wanted));
    return device.str();
  }

  Result<std::shared_ptr<Model>> Load(const std::string& path,
                                      const LoadOptions& options) override {
    FLAMBEAU_ASSIGN_OR_RETURN(std::shared_ptr<TorchModel> model,
                              TorchModel::Load(path, options, allowed_operators_, &health_, log_));
    return model;
  }

 private:
  Log* const log_;
  DeviceHealth health_;
  std::vector<std::string> allowed_operators_;
  Thread derivatives_;
};

}  // namespace
}  // namespace flambeau

extern "C" __attribute__((visibility("default"))) flambeau::Backend* flambeau_create_backend(
    const flambeau::BackendEnvironment* environment) {
  return new (std::nothrow) flambeau::TorchBackend(*environment);
}
