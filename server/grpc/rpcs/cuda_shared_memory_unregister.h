// GRPCInferenceService.CudaSharedMemoryUnregister: there is nothing to unregister.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

namespace inference {
class CudaSharedMemoryUnregisterRequest;
class CudaSharedMemoryUnregisterResponse;
}  // namespace inference

namespace flambeau {

grpc::ServerUnaryReactor* HandleCudaSharedMemoryUnregister(
    grpc::CallbackServerContext* context,
    const inference::CudaSharedMemoryUnregisterRequest& /*request*/);

}  // namespace flambeau
