#include "grpc/rpcs/system_shared_memory_register.h"

#include "proto/inference.pb.h"

namespace flambeau {

Status HandleSystemSharedMemoryRegister(
    SharedMemory& memory, const inference::SystemSharedMemoryRegisterRequest& request,
    inference::SystemSharedMemoryRegisterResponse* /*response*/) {
  const Status status =
      memory.Register({request.name(), request.key(), request.offset(), request.byte_size()});
  return status;
}

}  // namespace flambeau
