#include "http/handlers/cuda_shared_memory_unregister.h"

#include <utility>

#include "http/handlers/call_start.h"

namespace flambeau {

void CudaSharedMemoryUnregisterHandler::Handle(HttpRequest /*request*/, Responder respond) {
  // Clients that use system shared memory unregister every region of this kind, too.
  respond(JsonResponse(""));
}

}  // namespace flambeau
