#include "grpc/rpcs/cuda_shared_memory_status.h"

#include "serving/cuda_shared_memory.h"

#include "proto/inference.pb.h"

namespace flambeau {

Status HandleCudaSharedMemoryStatus(const inference::CudaSharedMemoryStatusRequest& request,
                                    inference::CudaSharedMemoryStatusResponse* /*response*/) {
  const std::string& name = request.name();
  return name.empty() ? OkStatus() : FindCudaSharedMemory(name);
}

}  // namespace flambeau
