#include "grpc/rpcs/cuda_shared_memory_unregister.h"

#include "proto/inference.pb.h"

namespace flambeau {

Status HandleCudaSharedMemoryUnregister(
    const inference::CudaSharedMemoryUnregisterRequest& /*request*/,
    inference::CudaSharedMemoryUnregisterResponse* /*response*/) {
  // Clients that use system shared memory unregister every region of this kind, too.
  return OkStatus();
}

}  // namespace flambeau
