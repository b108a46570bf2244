// GRPCInferenceService.CudaSharedMemoryStatus: no regions.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

namespace inference {
class CudaSharedMemoryStatusRequest;
class CudaSharedMemoryStatusResponse;
}  // namespace inference

namespace flambeau {

grpc::ServerUnaryReactor* HandleCudaSharedMemoryStatus(
    grpc::CallbackServerContext* context, const inference::CudaSharedMemoryStatusRequest& request);

}  // namespace flambeau
