// POST /v2/models/:model[/versions/:version]/infer
#pragma once

#include "http/message.h"
#include "serving/inference.h"
#include "serving/shared_memory.h"

namespace flambeau {

// The JSON part of a body and the binary part behind it, by the header
// Inference-Header-Content-Length. Errors: INVALID_ARGUMENT.
struct InferParts {
  std::string_view json;
  std::string_view binary;
  bool raw;  // the body is one tensor and no JSON
};
Result<InferParts> SplitInferBody(const HttpRequest& request);

class InferHandler final : public HttpHandler {
 public:
  InferHandler(Inference* inference, SharedMemory* shared_memory)
      : inference_(inference), shared_memory_(shared_memory) {}
  void Handle(HttpRequest request, Responder respond) override;
  bool PassesGate() const override { return true; }

 private:
  Inference* const inference_;
  SharedMemory* const shared_memory_;
};

}  // namespace flambeau
