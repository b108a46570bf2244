#include "http/handlers/ready.h"

#include <utility>

#include "http/handlers/health_response.h"
#include "wire/messages.h"

namespace flambeau {

void ReadyHandler::Handle(HttpRequest request, Responder respond) {
  const bool ready = info_->Ready();
  respond(HealthResponse(ready, EncodeReady(ready)));
}

}  // namespace flambeau
