// GET /v2/models/stats, /v2/models/:model[/versions/:version]/stats
#pragma once

#include "http/message.h"
#include "serving/server_info.h"

namespace flambeau {

class ModelStatisticsHandler final : public HttpHandler {
 public:
  explicit ModelStatisticsHandler(ServerInfo* info) : info_(info) {}
  void Handle(HttpRequest request, Responder respond) override;

 private:
  ServerInfo* const info_;
};

}  // namespace flambeau
