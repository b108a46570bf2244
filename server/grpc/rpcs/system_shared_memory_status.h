// GRPCInferenceService.SystemSharedMemoryStatus: the registered regions.
#pragma once

#include "base/status.h"
#include "serving/shared_memory.h"

namespace inference {
class SystemSharedMemoryStatusRequest;
class SystemSharedMemoryStatusResponse;
}  // namespace inference

namespace flambeau {

Status HandleSystemSharedMemoryStatus(const SharedMemory& memory,
                                      const inference::SystemSharedMemoryStatusRequest& request,
                                      inference::SystemSharedMemoryStatusResponse* response);

}  // namespace flambeau
