// The LibTorch backend and the module's one exported symbol.
#include "backend/backend.h"

#include <torch/version.h>

#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "backend/torch/device.h"
#include "backend/torch/errors.h"
#include "backend/torch/model.h"

namespace flambeau {
namespace {

class TorchBackend final : public Backend {
 public:
  explicit TorchBackend(const BackendEnvironment& environment) : log_(environment.log) {
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
                              TorchModel::Load(path, options, allowed_operators_, log_));
    return model;
  }

 private:
  Log* const log_;
  std::vector<std::string> allowed_operators_;
};

}  // namespace
}  // namespace flambeau

extern "C" __attribute__((visibility("default"))) flambeau::Backend* flambeau_create_backend(
    const flambeau::BackendEnvironment* environment) {
  return new (std::nothrow) flambeau::TorchBackend(*environment);
}
