#include "http/handlers/system_shared_memory_status.h"

#include <utility>

#include "http/handlers/call_start.h"
#include "http/status_mapping.h"
#include "wire/shared_memory_json.h"

namespace flambeau {

void SystemSharedMemoryStatusHandler::Handle(HttpRequest request, Responder respond) {
  const auto regions = memory_->Regions(PathParam(request, "region"));
  if (!regions.ok()) return respond(ErrorResponse(regions.status()));
  respond(JsonResponse(EncodeRegions(*regions)));
}

}  // namespace flambeau
