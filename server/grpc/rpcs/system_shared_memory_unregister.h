// GRPCInferenceService.SystemSharedMemoryUnregister: one region, or all.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "serving/shared_memory.h"

namespace inference {
class SystemSharedMemoryUnregisterRequest;
class SystemSharedMemoryUnregisterResponse;
}  // namespace inference

namespace flambeau {

grpc::ServerUnaryReactor* HandleSystemSharedMemoryUnregister(
    grpc::CallbackServerContext* context, SharedMemory* memory,
    const inference::SystemSharedMemoryUnregisterRequest& request);

}  // namespace flambeau
