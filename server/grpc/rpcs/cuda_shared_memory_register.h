// GRPCInferenceService.CudaSharedMemoryRegister: there is none without a GPU build.
#pragma once

#include "base/status.h"
namespace inference {
class CudaSharedMemoryRegisterRequest;
class CudaSharedMemoryRegisterResponse;
}  // namespace inference

namespace flambeau {

Status HandleCudaSharedMemoryRegister(const inference::CudaSharedMemoryRegisterRequest& /*request*/,
                                      inference::CudaSharedMemoryRegisterResponse* /*response*/);

}  // namespace flambeau
