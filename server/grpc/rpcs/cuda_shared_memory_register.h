// GRPCInferenceService.CudaSharedMemoryRegister: there is none without a GPU build.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

namespace inference {
class CudaSharedMemoryRegisterRequest;
class CudaSharedMemoryRegisterResponse;
}  // namespace inference

namespace flambeau {

grpc::ServerUnaryReactor* HandleCudaSharedMemoryRegister(
    grpc::CallbackServerContext* context,
    const inference::CudaSharedMemoryRegisterRequest& /*request*/);

}  // namespace flambeau
