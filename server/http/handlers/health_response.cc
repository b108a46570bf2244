#include "http/handlers/health_response.h"

#include <utility>

namespace flambeau {

HttpResponse HealthResponse(bool good, std::string body) {
  HttpResponse response;
  response.body = std::move(body);
  if (good) return response;
  response.status = 503;
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace flambeau
