#include "grpc/rpcs/system_shared_memory_status.h"

#include "grpc/status_mapping.h"
#include "proto/inference.pb.h"

namespace flambeau {

grpc::ServerUnaryReactor* HandleSystemSharedMemoryStatus(
    grpc::CallbackServerContext* context, const SharedMemory& memory,
    const inference::SystemSharedMemoryStatusRequest& request,
    inference::SystemSharedMemoryStatusResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const auto regions = memory.Regions(request.name());
  if (regions.ok()) {
    for (const SharedMemoryRegion& region : *regions) {
      auto& status = (*response->mutable_regions())[region.name];
      status.set_name(region.name);
      status.set_key(region.key);
      status.set_offset(region.offset);
      status.set_byte_size(region.byte_size);
    }
  }
  reactor->Finish(ToGrpcStatus(regions.status()));
  return reactor;
}

}  // namespace flambeau
