// GRPCInferenceService.CudaSharedMemoryStatus: no regions.
#pragma once

#include "base/status.h"
namespace inference {
class CudaSharedMemoryStatusRequest;
class CudaSharedMemoryStatusResponse;
}  // namespace inference

namespace flambeau {

Status HandleCudaSharedMemoryStatus(const inference::CudaSharedMemoryStatusRequest& request,
                                    inference::CudaSharedMemoryStatusResponse* /*response*/);

}  // namespace flambeau
