#include "grpc/rpcs/cuda_shared_memory_register.h"

#include "serving/cuda_shared_memory.h"

#include "proto/inference.pb.h"

namespace flambeau {

Status HandleCudaSharedMemoryRegister(const inference::CudaSharedMemoryRegisterRequest& /*request*/,
                                      inference::CudaSharedMemoryRegisterResponse* /*response*/) {
  return RegisterCudaSharedMemory();
}

}  // namespace flambeau
