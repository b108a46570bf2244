#include "http/handlers/system_shared_memory_unregister.h"

#include <utility>

#include "http/handlers/call_start.h"
#include "http/status_mapping.h"

namespace flambeau {

void SystemSharedMemoryUnregisterHandler::Handle(HttpRequest request, Responder respond) {
  const Status status = memory_->Unregister(PathParam(request, "region"));
  respond(status.ok() ? JsonResponse("") : ErrorResponse(status));
}

}  // namespace flambeau
