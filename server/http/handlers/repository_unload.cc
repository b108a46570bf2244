#include "http/handlers/repository_unload.h"

#include <utility>

#include "http/handlers/call_start.h"
#include "http/status_mapping.h"
#include "wire/model_admin.h"

namespace flambeau {

void RepositoryUnloadHandler::Handle(HttpRequest request, Responder respond) {
  Result<LoadParameters> parameters = DecodeLoadRequest(PaddedJson{request.body}, /*unload=*/true);
  if (!parameters.ok()) return respond(ErrorResponse(parameters.status()));
  admin_->Unload(PathParam(request, "model"), *std::move(parameters),
                 [respond](const Status& status) {
                   respond(status.ok() ? JsonResponse("") : ErrorResponse(status));
                 });
}

}  // namespace flambeau
