#include "grpc/rpcs/cuda_shared_memory_register.h"

#include "serving/cuda_shared_memory.h"

#include "grpc/status_mapping.h"
#include "proto/inference.pb.h"

namespace flambeau {

grpc::ServerUnaryReactor* HandleCudaSharedMemoryRegister(
    grpc::CallbackServerContext* context,
    const inference::CudaSharedMemoryRegisterRequest& /*request*/) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(RegisterCudaSharedMemory()));
  return reactor;
}

}  // namespace flambeau
