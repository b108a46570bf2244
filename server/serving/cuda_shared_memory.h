// CUDA shared memory, which this build does not have: the same answers for every transport.
#pragma once

#include <string>

#include "base/status.h"

namespace flambeau {

inline Status RegisterCudaSharedMemory() {
  return Unimplemented(
      "CUDA shared memory is not supported without a GPU build; use system shared memory.");
}

// No region can exist: there is none to find, and none to unregister.
inline Status FindCudaSharedMemory(const std::string& name) {
  return NotFound("There is no CUDA shared memory region '" + name.substr(0, 255) + "'.");
}

}  // namespace flambeau
