#include "http/handlers/model_ready.h"

#include <utility>

#include "http/handlers/call_start.h"
#include "http/handlers/health_response.h"
#include "http/status_mapping.h"
#include "wire/messages.h"

namespace flambeau {

void ModelReadyHandler::Handle(HttpRequest request, Responder respond) {
  const std::string model = PathParam(request, "model");
  const Result<bool> ready = info_->ModelReady(model, PathParam(request, "version"));
  if (!ready.ok()) return respond(ErrorResponse(ready.status()));
  respond(HealthResponse(*ready, EncodeModelReady(model, *ready)));
}

}  // namespace flambeau
