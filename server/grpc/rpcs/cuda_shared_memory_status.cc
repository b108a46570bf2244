#include "grpc/rpcs/cuda_shared_memory_status.h"

#include "serving/cuda_shared_memory.h"

#include "grpc/status_mapping.h"
#include "proto/inference.pb.h"

namespace flambeau {

grpc::ServerUnaryReactor* HandleCudaSharedMemoryStatus(
    grpc::CallbackServerContext* context, const inference::CudaSharedMemoryStatusRequest& request) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const std::string& name = request.name();
  reactor->Finish(ToGrpcStatus(name.empty() ? OkStatus() : FindCudaSharedMemory(name)));
  return reactor;
}

}  // namespace flambeau
