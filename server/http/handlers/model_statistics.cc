#include "http/handlers/model_statistics.h"

#include <utility>

#include "http/handlers/call_start.h"
#include "http/status_mapping.h"
#include "wire/statistics.h"

namespace flambeau {

void ModelStatisticsHandler::Handle(HttpRequest request, Responder respond) {
  const Result<std::vector<ModelStatistics>> statistics =
      info_->Statistics(PathParam(request, "model"), PathParam(request, "version"));
  if (!statistics.ok()) return respond(ErrorResponse(statistics.status()));
  respond(JsonResponse(EncodeStatistics(*statistics)));
}

}  // namespace flambeau
