// GET /v2/models/:model[/versions/:version]/config
#pragma once

#include "http/message.h"
#include "serving/model_admin.h"

namespace flambeau {

class ModelConfigHandler final : public HttpHandler {
 public:
  explicit ModelConfigHandler(ModelAdmin* admin) : admin_(admin) {}
  void Handle(HttpRequest request, Responder respond) override;

 private:
  ModelAdmin* const admin_;
};

}  // namespace flambeau
