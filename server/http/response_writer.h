// The head of a response as bytes.
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace flambeau {

struct ResponseFraming {
  bool keep_alive = true;
  bool http_1_0 = false;  // says keep-alive aloud: 1.0 does not assume it
  std::string_view date;  // RFC 9110 IMF-fixdate; empty: no Date
  std::string_view request_id;
};

// "OK" for 200; "Unknown" for a code that HTTP does not name.
std::string_view ReasonPhrase(int status);

// Status line to blank line. Content-Length is that of `response.body`, also for HEAD. Characters
// that would end a header early are left out of names and values.
std::string SerializeHead(const HttpResponse& response, const ResponseFraming& framing);

}  // namespace flambeau
