// GET /v2/models/:model[/versions/:version]/ready
#pragma once

#include "http/message.h"
#include "serving/server_info.h"

namespace flambeau {

class ModelReadyHandler final : public HttpHandler {
 public:
  explicit ModelReadyHandler(ServerInfo* info) : info_(info) {}
  void Handle(HttpRequest request, Responder respond) override;

 private:
  ServerInfo* const info_;
};

}  // namespace flambeau
