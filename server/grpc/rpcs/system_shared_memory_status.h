// GRPCInferenceService.SystemSharedMemoryStatus: the registered regions.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "serving/shared_memory.h"

namespace inference {
class SystemSharedMemoryStatusRequest;
class SystemSharedMemoryStatusResponse;
}  // namespace inference

namespace flambeau {

grpc::ServerUnaryReactor* HandleSystemSharedMemoryStatus(
    grpc::CallbackServerContext* context, const SharedMemory& memory,
    const inference::SystemSharedMemoryStatusRequest& request,
    inference::SystemSharedMemoryStatusResponse* response);

}  // namespace flambeau
