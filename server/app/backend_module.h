// Loads the LibTorch backend at run time, so that --help and a bad flag never pay for it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/log.h"
#include "base/status.h"

namespace flambeau {

// Where the module is: the file that FLAMBEAU_BACKEND names, or ../lib beside this program.
std::string BackendModulePath();

// Sets the OMP_* and oneDNN variables that the libraries read when they are loaded (those that the
// user set stay), then loads libflambeau_torch.so. It stays loaded until the process ends.
// `allowed_operators`: what models may use although it is refused by itself.
// Errors: FAILED_PRECONDITION, one sentence.
Result<std::unique_ptr<Backend>> LoadBackend(Log* log, int threads,
                                             const std::vector<std::string>& allowed_operators);

}  // namespace flambeau
