// The one place where a Status becomes an HTTP code, and the one where errors become responses.
#pragma once

#include <string_view>

#include "base/status.h"
#include "http/message.h"

namespace flambeau {

// 400, 401, 403, 404, 409, 429, 499, 500, 501, 503, 504; 200 for OK. 499 is nginx's "client closed
// request": it is logged, the client is no longer there to read it.
int HttpCode(StatusCode code);

// {"error": "..."} with the code above; 429 and 503 say Retry-After: 1.
HttpResponse ErrorResponse(const Status& status);
HttpResponse ErrorResponse(int http_code, std::string_view sentence);

}  // namespace flambeau
