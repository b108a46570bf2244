// POST /v2/repository/index
#pragma once

#include "http/message.h"
#include "serving/server_info.h"

namespace flambeau {

class RepositoryIndexHandler final : public HttpHandler {
 public:
  explicit RepositoryIndexHandler(ServerInfo* info) : info_(info) {}
  void Handle(HttpRequest request, Responder respond) override;

 private:
  ServerInfo* const info_;
};

}  // namespace flambeau
