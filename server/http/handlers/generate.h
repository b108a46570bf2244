// POST /v2/models/:model[/versions/:version]/generate and /generate_stream
#pragma once

#include "http/message.h"
#include "serving/inference.h"

namespace flambeau {

enum class GenerateAnswer {
  kObject,  // JSON
  kEvents,  // server-sent events: one, as a model gives one answer
};

class GenerateHandler final : public HttpHandler {
 public:
  GenerateHandler(Inference* inference, GenerateAnswer answer)
      : inference_(inference), answer_(answer) {}
  void Handle(HttpRequest request, Responder respond) override;
  bool PassesGate() const override { return true; }

 private:
  Inference* const inference_;
  const GenerateAnswer answer_;
};

}  // namespace flambeau
