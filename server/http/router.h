// Which handler a path and method belong to. cpp-httplib reads the request line, decodes the path
// and matches the patterns; it is given a line that our reader has checked, and nothing else.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "http/listener.h"
#include "http/message.h"

namespace flambeau {

struct RouteMatch {
  HttpHandler* handler = nullptr;  // null: `status` and `sentence` say why
  std::map<std::string, std::string> path_params;
  int status = 200;
  std::string sentence;
  std::string allow;  // of a 405
};

// Threads: Find from any number. Lifetime: keeps the handlers. Errors: Create: INVALID_ARGUMENT if
// a pattern is not literal segments and ":name"s, or stands there twice for one method.
class Router {
 public:
  static Result<std::unique_ptr<Router>> Create(std::vector<HttpRoute> routes);
  virtual ~Router() = default;

  // `path` is raw, as RequestHead has it. A "/", a control character or a ".." segment that comes
  // out of decoding is refused (400), so that decoding cannot change where a path leads.
  virtual RouteMatch Find(std::string_view method, std::string_view path) = 0;
};

// The sentence for a path that no handler may see; empty if it is fine.
std::string_view PathError(std::string_view raw_path);

}  // namespace flambeau
