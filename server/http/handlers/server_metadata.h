// GET /v2
#pragma once

#include "http/message.h"
#include "serving/server_info.h"

namespace flambeau {

class ServerMetadataHandler final : public HttpHandler {
 public:
  explicit ServerMetadataHandler(ServerInfo* info) : info_(info) {}
  void Handle(HttpRequest request, Responder respond) override;

 private:
  ServerInfo* const info_;
};

}  // namespace flambeau
