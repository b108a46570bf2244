#include "app/backend_module.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace flambeau {
namespace {

void SetLibraryVariables(int threads) {
  constexpr int kKeep = 0;  // what the user set wins
  setenv("OMP_NUM_THREADS", std::to_string(threads).c_str(), kKeep);
  // Threads that spin after a run would take the cores from the I/O threads.
  setenv("OMP_WAIT_POLICY", "passive", kKeep);
  // oneDNN keeps a primitive per shape; its own default of 1024 grows to hundreds of MB.
  setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "128", kKeep);
}

}  // namespace

std::string BackendModulePath() {
  if (const char* path = std::getenv("FLAMBEAU_BACKEND")) return path;
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  return (program.parent_path().parent_path() / "lib" / "libflambeau_torch.so").string();
}

Result<std::unique_ptr<Backend>> LoadBackend(const BackendEnvironment& environment, int threads) {
  SetLibraryVariables(threads);
  const std::string path = BackendModulePath();
  // Local: LibTorch exports symbols of its own copies of libraries that this program links too.
  // Lazy: LibTorch calls 43,000 functions by name, and a start needs a part of them; the module
  // itself is linked so that what it lacks shows here.
  void* module = dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (module == nullptr) {
    return FailedPrecondition(std::string("the LibTorch backend cannot be loaded: ") + dlerror());
  }
  auto create = reinterpret_cast<CreateBackendFunction>(dlsym(module, kCreateBackendSymbol));
  if (create == nullptr) {
    return FailedPrecondition(path + " is not a Flambeau backend: it lacks " +
                              kCreateBackendSymbol);
  }
  std::unique_ptr<Backend> backend(create(&environment));
  if (backend == nullptr) return FailedPrecondition(path + " made no backend");
  return backend;
}

}  // namespace flambeau
