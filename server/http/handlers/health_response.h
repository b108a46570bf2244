// The answer to a health question: 200 or 503, with the protocol's JSON.
#pragma once

#include <string>

#include "http/message.h"

namespace flambeau {

HttpResponse HealthResponse(bool good, std::string body);

}  // namespace flambeau
