// Loads the LibTorch backend at run time, so that --help and a bad flag never pay for it.
#pragma once

#include <memory>
#include <string>

#include "backend/backend.h"
#include "base/status.h"

namespace flambeau {

// Where the module is: the file that FLAMBEAU_BACKEND names, or ../lib beside this program.
std::string BackendModulePath();

// Sets the OMP_* and oneDNN variables that the libraries read when they are loaded (those that the
// user set stay), then loads libflambeau_torch.so. It stays loaded until the process ends.
// `environment`: what the backend is given; what it points to outlives it.
// Errors: FAILED_PRECONDITION, one sentence.
Result<std::unique_ptr<Backend>> LoadBackend(const BackendEnvironment& environment, int threads);

}  // namespace flambeau
