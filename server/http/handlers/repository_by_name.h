// POST /v2/repository/:repository/index, /v2/repository/:repository/models/:model/load and unload
#pragma once

#include "http/message.h"

namespace flambeau {

// There is one repository, which has no name: 501.
class RepositoryByNameHandler final : public HttpHandler {
 public:
  void Handle(HttpRequest request, Responder respond) override;
};

}  // namespace flambeau
