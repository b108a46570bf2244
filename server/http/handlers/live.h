// GET /v2/health/live
#pragma once

#include "http/message.h"
#include "serving/server_info.h"

namespace flambeau {

class LiveHandler final : public HttpHandler {
 public:
  explicit LiveHandler(ServerInfo* info) : info_(info) {}
  void Handle(HttpRequest request, Responder respond) override;

 private:
  ServerInfo* const info_;
};

}  // namespace flambeau
