#include "grpc/rpcs/system_shared_memory_unregister.h"

#include "proto/inference.pb.h"

namespace flambeau {

Status HandleSystemSharedMemoryUnregister(
    SharedMemory& memory, const inference::SystemSharedMemoryUnregisterRequest& request,
    inference::SystemSharedMemoryUnregisterResponse* /*response*/) {
  return memory.Unregister(request.name());
}

}  // namespace flambeau
