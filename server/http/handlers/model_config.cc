#include "http/handlers/model_config.h"

#include <utility>

#include "http/handlers/call_start.h"
#include "http/status_mapping.h"
#include "spec/config_json.h"

namespace flambeau {

void ModelConfigHandler::Handle(HttpRequest request, Responder respond) {
  const auto config = admin_->Config(PathParam(request, "model"), PathParam(request, "version"));
  if (!config.ok()) return respond(ErrorResponse(config.status()));
  respond(JsonResponse(EncodeConfigJson(**config)));
}

}  // namespace flambeau
