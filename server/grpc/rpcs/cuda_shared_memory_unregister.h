// GRPCInferenceService.CudaSharedMemoryUnregister: there is nothing to unregister.
#pragma once

#include "base/status.h"
namespace inference {
class CudaSharedMemoryUnregisterRequest;
class CudaSharedMemoryUnregisterResponse;
}  // namespace inference

namespace flambeau {

Status HandleCudaSharedMemoryUnregister(
    const inference::CudaSharedMemoryUnregisterRequest& /*request*/,
    inference::CudaSharedMemoryUnregisterResponse* /*response*/);

}  // namespace flambeau
