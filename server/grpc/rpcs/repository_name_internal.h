// The field repository_name of the repository's calls.
#pragma once

#include <string>
#include "base/status.h"

#include "base/status.h"

namespace flambeau {

// UNIMPLEMENTED unless it is empty.
inline Status RequireNoRepositoryName(const std::string& name) {
  if (name.empty()) return OkStatus();
  return Unimplemented("repository_name is not supported: there is one repository; leave it empty");
}

}  // namespace flambeau
