#include "http/handlers/logging.h"

#include "http/handlers/call_start.h"
#include "http/status_mapping.h"
#include "wire/settings.h"

namespace flambeau {

void LoggingHandler::Handle(HttpRequest request, Responder respond) {
  if (request.method != "POST") return respond(JsonResponse(EncodeLogSettings(log_->settings())));
  const Result<LogSettingsUpdate> update = DecodeLogSettings(PaddedJson{request.body});
  if (!update.ok()) return respond(ErrorResponse(update.status()));
  respond(JsonResponse(EncodeLogSettings(log_->Update(*update))));
}

}  // namespace flambeau
