#include "http/handlers/cuda_shared_memory_status.h"

#include <utility>

#include "http/handlers/call_start.h"
#include "http/status_mapping.h"
#include "serving/cuda_shared_memory.h"

namespace flambeau {

void CudaSharedMemoryStatusHandler::Handle(HttpRequest request, Responder respond) {
  const std::string region = PathParam(request, "region");
  respond(region.empty() ? JsonResponse("[]") : ErrorResponse(FindCudaSharedMemory(region)));
}

}  // namespace flambeau
