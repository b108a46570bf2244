#include "http/handlers/repository_by_name.h"

#include "http/status_mapping.h"

namespace flambeau {

void RepositoryByNameHandler::Handle(HttpRequest, Responder respond) {
  respond(ErrorResponse(Unimplemented(
      "A repository's name is not supported: there is one repository; leave the name out.")));
}

}  // namespace flambeau
