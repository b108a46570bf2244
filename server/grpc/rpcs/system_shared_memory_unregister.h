// GRPCInferenceService.SystemSharedMemoryUnregister: one region, or all.
#pragma once

#include "base/status.h"
#include "serving/shared_memory.h"

namespace inference {
class SystemSharedMemoryUnregisterRequest;
class SystemSharedMemoryUnregisterResponse;
}  // namespace inference

namespace flambeau {

Status HandleSystemSharedMemoryUnregister(
    SharedMemory& memory, const inference::SystemSharedMemoryUnregisterRequest& request,
    inference::SystemSharedMemoryUnregisterResponse* /*response*/);

}  // namespace flambeau
