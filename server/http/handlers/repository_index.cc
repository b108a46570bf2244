#include "http/handlers/repository_index.h"

#include <utility>

#include "http/handlers/call_start.h"
#include "http/status_mapping.h"
#include "wire/messages.h"

namespace flambeau {

void RepositoryIndexHandler::Handle(HttpRequest request, Responder respond) {
  const Result<bool> ready_only = DecodeIndexRequest(PaddedJson{request.body});
  if (!ready_only.ok()) return respond(ErrorResponse(ready_only.status()));
  respond(JsonResponse(EncodeIndex(info_->Index(*ready_only))));
}

}  // namespace flambeau
