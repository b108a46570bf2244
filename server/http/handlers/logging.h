// GET and POST /v2/logging
#pragma once

#include "http/message.h"
#include "serving/adjustable_log.h"

namespace flambeau {

class LoggingHandler final : public HttpHandler {
 public:
  explicit LoggingHandler(AdjustableLog* log) : log_(log) {}
  void Handle(HttpRequest request, Responder respond) override;

 private:
  AdjustableLog* const log_;
};

}  // namespace flambeau
