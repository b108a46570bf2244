#include "http/handlers/live.h"

#include <utility>

#include "http/handlers/health_response.h"
#include "wire/messages.h"

namespace flambeau {

void LiveHandler::Handle(HttpRequest request, Responder respond) {
  respond(HealthResponse(info_->Live(), EncodeLive(info_->Live())));
}

}  // namespace flambeau
