#include "http/handlers/system_shared_memory_register.h"

#include <utility>

#include "http/handlers/call_start.h"
#include "http/status_mapping.h"
#include "wire/shared_memory_json.h"

namespace flambeau {

void SystemSharedMemoryRegisterHandler::Handle(HttpRequest request, Responder respond) {
  // Where it is off, that is the answer, whatever the body is.
  Result<SharedMemoryRegion> region = DecodeRegister(PaddedJson{request.body});
  if (!memory_->enabled()) return respond(ErrorResponse(memory_->Register({})));
  if (!region.ok()) return respond(ErrorResponse(region.status()));
  region->name = PathParam(request, "region");
  const Status status = memory_->Register(*region);
  respond(status.ok() ? JsonResponse("") : ErrorResponse(status));
}

}  // namespace flambeau
