// Which URL goes to which handler; the one list of REST endpoints.
#pragma once

#include <vector>

#include "http/listener.h"
#include "metrics/metrics.h"
#include "serving/adjustable_log.h"
#include "serving/inference.h"
#include "serving/model_admin.h"
#include "serving/server_info.h"
#include "serving/shared_memory.h"
#include "serving/trace_settings.h"

namespace flambeau {

struct HttpServices {
  Inference* inference;
  ServerInfo* info;
  Metrics* metrics;
  SharedMemory* shared_memory;
  AdjustableLog* log;
  TraceSettings* traces;
  ModelAdmin* admin;
};

std::vector<HttpRoute> ServingRoutes(const HttpServices& services);
std::vector<HttpRoute> MetricsRoutes(Metrics* metrics);  // /metrics alone, for --metrics-port

}  // namespace flambeau
