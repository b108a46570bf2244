#include "http/handlers/server_metadata.h"

#include <utility>

#include "http/handlers/call_start.h"
#include "wire/messages.h"

namespace flambeau {

void ServerMetadataHandler::Handle(HttpRequest request, Responder respond) {
  respond(JsonResponse(EncodeServerMetadata(info_->Server())));
}

}  // namespace flambeau
