// GRPCInferenceService.SystemSharedMemoryRegister: a region that requests may name.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "serving/shared_memory.h"

namespace inference {
class SystemSharedMemoryRegisterRequest;
class SystemSharedMemoryRegisterResponse;
}  // namespace inference

namespace flambeau {

grpc::ServerUnaryReactor* HandleSystemSharedMemoryRegister(
    grpc::CallbackServerContext* context, SharedMemory* memory,
    const inference::SystemSharedMemoryRegisterRequest& request);

}  // namespace flambeau
