#include "grpc/rpcs/system_shared_memory_register.h"

#include "grpc/status_mapping.h"
#include "proto/inference.pb.h"

namespace flambeau {

grpc::ServerUnaryReactor* HandleSystemSharedMemoryRegister(
    grpc::CallbackServerContext* context, SharedMemory* memory,
    const inference::SystemSharedMemoryRegisterRequest& request) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const Status status =
      memory->Register({request.name(), request.key(), request.offset(), request.byte_size()});
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

}  // namespace flambeau
