// POST /v2/repository/models/:model/unload
#pragma once

#include "http/message.h"
#include "serving/model_admin.h"

namespace flambeau {

// Answers once the model is no longer served.
class RepositoryUnloadHandler final : public HttpHandler {
 public:
  explicit RepositoryUnloadHandler(ModelAdmin* admin) : admin_(admin) {}
  void Handle(HttpRequest request, Responder respond) override;

 private:
  ModelAdmin* const admin_;
};

}  // namespace flambeau
