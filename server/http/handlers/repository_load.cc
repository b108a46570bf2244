#include "http/handlers/repository_load.h"

#include <utility>

#include "http/handlers/call_start.h"
#include "http/status_mapping.h"
#include "wire/model_admin.h"

namespace flambeau {

void RepositoryLoadHandler::Handle(HttpRequest request, Responder respond) {
  Result<LoadParameters> parameters = DecodeLoadRequest(PaddedJson{request.body}, /*unload=*/false);
  if (!parameters.ok()) return respond(ErrorResponse(parameters.status()));
  admin_->Load(PathParam(request, "model"), *std::move(parameters),
               [respond](const Status& status) {
                 respond(status.ok() ? JsonResponse("") : ErrorResponse(status));
               });
}

}  // namespace flambeau
