#include "grpc/rpcs/cuda_shared_memory_unregister.h"

#include "grpc/status_mapping.h"
#include "proto/inference.pb.h"

namespace flambeau {

grpc::ServerUnaryReactor* HandleCudaSharedMemoryUnregister(
    grpc::CallbackServerContext* context,
    const inference::CudaSharedMemoryUnregisterRequest& /*request*/) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  // Clients that use system shared memory unregister every region of this kind, too.
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace flambeau
