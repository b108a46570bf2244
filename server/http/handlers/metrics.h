// GET /metrics, in Prometheus' text format
#pragma once

#include "http/message.h"
#include "metrics/metrics.h"

namespace flambeau {

class MetricsHandler final : public HttpHandler {
 public:
  explicit MetricsHandler(Metrics* metrics) : metrics_(metrics) {}
  void Handle(HttpRequest request, Responder respond) override;

 private:
  Metrics* const metrics_;
};

}  // namespace flambeau
