// POST /v2/models/:model[/versions/:version]/infer
#pragma once

#include "http/message.h"
#include "serving/inference.h"

namespace flambeau {

// The JSON part of a body and the binary part behind it, by the header
// Inference-Header-Content-Length. Errors: INVALID_ARGUMENT.
struct InferParts {
  std::string_view json;
  std::string_view binary;
};
Result<InferParts> SplitInferBody(const HttpRequest& request);

class InferHandler final : public HttpHandler {
 public:
  explicit InferHandler(Inference* inference) : inference_(inference) {}
  void Handle(HttpRequest request, Responder respond) override;
  bool PassesGate() const override { return true; }

 private:
  Inference* const inference_;
};

}  // namespace flambeau
