#include "http/handlers/welcome.h"

#include <utility>

#include "http/handlers/call_start.h"
#include "wire/messages.h"

namespace flambeau {

void WelcomeHandler::Handle(HttpRequest request, Responder respond) {
  respond(JsonResponse(EncodeWelcome(info_->Server(), info_->Index(false))));
}

}  // namespace flambeau
