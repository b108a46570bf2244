// GET /
#pragma once

#include "http/message.h"
#include "serving/server_info.h"

namespace flambeau {

class WelcomeHandler final : public HttpHandler {
 public:
  explicit WelcomeHandler(ServerInfo* info) : info_(info) {}
  void Handle(HttpRequest request, Responder respond) override;

 private:
  ServerInfo* const info_;
};

}  // namespace flambeau
