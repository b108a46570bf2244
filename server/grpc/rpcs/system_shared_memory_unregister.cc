#include "grpc/rpcs/system_shared_memory_unregister.h"

#include "grpc/status_mapping.h"
#include "proto/inference.pb.h"

namespace flambeau {

grpc::ServerUnaryReactor* HandleSystemSharedMemoryUnregister(
    grpc::CallbackServerContext* context, SharedMemory* memory,
    const inference::SystemSharedMemoryUnregisterRequest& request) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(memory->Unregister(request.name())));
  return reactor;
}

}  // namespace flambeau
