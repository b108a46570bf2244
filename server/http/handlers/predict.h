// POST /predict, /predict/:model, /predict/:model/:version
#pragma once

#include "http/message.h"
#include "serving/inference.h"

namespace flambeau {

class PredictHandler final : public HttpHandler {
 public:
  explicit PredictHandler(Inference* inference) : inference_(inference) {}
  void Handle(HttpRequest request, Responder respond) override;
  bool PassesGate() const override { return true; }

 private:
  Inference* const inference_;
};

}  // namespace flambeau
