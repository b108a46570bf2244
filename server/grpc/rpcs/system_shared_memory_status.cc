#include "grpc/rpcs/system_shared_memory_status.h"

#include "proto/inference.pb.h"

namespace flambeau {

Status HandleSystemSharedMemoryStatus(const SharedMemory& memory,
                                      const inference::SystemSharedMemoryStatusRequest& request,
                                      inference::SystemSharedMemoryStatusResponse* response) {
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
  return regions.status();
}

}  // namespace flambeau
