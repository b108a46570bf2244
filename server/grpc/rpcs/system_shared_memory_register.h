// GRPCInferenceService.SystemSharedMemoryRegister: a region that requests may name.
#pragma once

#include "base/status.h"
#include "serving/shared_memory.h"

namespace inference {
class SystemSharedMemoryRegisterRequest;
class SystemSharedMemoryRegisterResponse;
}  // namespace inference

namespace flambeau {

Status HandleSystemSharedMemoryRegister(
    SharedMemory& memory, const inference::SystemSharedMemoryRegisterRequest& request,
    inference::SystemSharedMemoryRegisterResponse* /*response*/);

}  // namespace flambeau
