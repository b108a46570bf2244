#include "http/handlers/metrics.h"

#include <utility>

namespace flambeau {

void MetricsHandler::Handle(HttpRequest request, Responder respond) {
  HttpResponse response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = metrics_->Expose();
  response.may_compress = true;
  respond(std::move(response));
}

}  // namespace flambeau
