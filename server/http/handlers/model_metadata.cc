#include "http/handlers/model_metadata.h"

#include <utility>

#include "http/handlers/call_start.h"
#include "http/status_mapping.h"
#include "wire/messages.h"

namespace flambeau {

void ModelMetadataHandler::Handle(HttpRequest request, Responder respond) {
  const Result<ModelMetadata> metadata =
      info_->Model(PathParam(request, "model"), PathParam(request, "version"));
  if (!metadata.ok()) return respond(ErrorResponse(metadata.status()));
  respond(JsonResponse(EncodeModelMetadata(*metadata)));
}

}  // namespace flambeau
