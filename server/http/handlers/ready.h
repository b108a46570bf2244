// GET /v2/health/ready
#pragma once

#include "http/message.h"
#include "serving/server_info.h"

namespace flambeau {

class ReadyHandler final : public HttpHandler {
 public:
  explicit ReadyHandler(ServerInfo* info) : info_(info) {}
  void Handle(HttpRequest request, Responder respond) override;

 private:
  ServerInfo* const info_;
};

}  // namespace flambeau
