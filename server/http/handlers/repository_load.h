// POST /v2/repository/models/:model/load
#pragma once

#include "http/message.h"
#include "serving/model_admin.h"

namespace flambeau {

// Answers once the model is ready or has failed.
class RepositoryLoadHandler final : public HttpHandler {
 public:
  explicit RepositoryLoadHandler(ModelAdmin* admin) : admin_(admin) {}
  void Handle(HttpRequest request, Responder respond) override;

 private:
  ModelAdmin* const admin_;
};

}  // namespace flambeau
