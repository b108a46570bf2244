#include "http/routes.h"

#include <memory>

#include "http/handlers/cuda_shared_memory_register.h"
#include "http/handlers/cuda_shared_memory_status.h"
#include "http/handlers/cuda_shared_memory_unregister.h"
#include "http/handlers/generate.h"
#include "http/handlers/infer.h"
#include "http/handlers/live.h"
#include "http/handlers/logging.h"
#include "http/handlers/metrics.h"
#include "http/handlers/model_config.h"
#include "http/handlers/model_metadata.h"
#include "http/handlers/model_ready.h"
#include "http/handlers/model_statistics.h"
#include "http/handlers/predict.h"
#include "http/handlers/ready.h"
#include "http/handlers/repository_by_name.h"
#include "http/handlers/repository_index.h"
#include "http/handlers/repository_load.h"
#include "http/handlers/repository_unload.h"
#include "http/handlers/server_metadata.h"
#include "http/handlers/system_shared_memory_register.h"
#include "http/handlers/system_shared_memory_status.h"
#include "http/handlers/system_shared_memory_unregister.h"
#include "http/handlers/trace_setting.h"
#include "http/handlers/welcome.h"

namespace flambeau {
namespace {

// The same paths for both kinds.
std::vector<HttpRoute> SharedMemoryRoutes(SharedMemory* memory) {
  std::vector<HttpRoute> routes;
  const auto add = [&routes](const std::string& kind, std::shared_ptr<HttpHandler> status,
                             std::shared_ptr<HttpHandler> register_one,
                             std::shared_ptr<HttpHandler> unregister) {
    const std::string region = "/v2/" + kind + "/region/:region/";
    routes.push_back({"GET", "/v2/" + kind + "/status", status});
    routes.push_back({"GET", region + "status", std::move(status)});
    routes.push_back({"POST", region + "register", std::move(register_one)});
    routes.push_back({"POST", "/v2/" + kind + "/unregister", unregister});
    routes.push_back({"POST", region + "unregister", std::move(unregister)});
  };
  add("systemsharedmemory", std::make_shared<SystemSharedMemoryStatusHandler>(memory),
      std::make_shared<SystemSharedMemoryRegisterHandler>(memory),
      std::make_shared<SystemSharedMemoryUnregisterHandler>(memory));
  add("cudasharedmemory", std::make_shared<CudaSharedMemoryStatusHandler>(),
      std::make_shared<CudaSharedMemoryRegisterHandler>(),
      std::make_shared<CudaSharedMemoryUnregisterHandler>());
  return routes;
}

}  // namespace

std::vector<HttpRoute> ServingRoutes(const HttpServices& services) {
  ServerInfo* const info = services.info;
  const auto predict = std::make_shared<PredictHandler>(services.inference);
  const auto infer = std::make_shared<InferHandler>(services.inference, services.shared_memory);
  const auto generate =
      std::make_shared<GenerateHandler>(services.inference, GenerateAnswer::kObject);
  const auto generate_stream =
      std::make_shared<GenerateHandler>(services.inference, GenerateAnswer::kEvents);
  const auto server = std::make_shared<ServerMetadataHandler>(info);
  const auto model = std::make_shared<ModelMetadataHandler>(info);
  const auto model_ready = std::make_shared<ModelReadyHandler>(info);
  const auto model_config = std::make_shared<ModelConfigHandler>(services.admin);
  const auto by_name = std::make_shared<RepositoryByNameHandler>();
  const auto statistics = std::make_shared<ModelStatisticsHandler>(info);
  const auto logging = std::make_shared<LoggingHandler>(services.log);
  const auto trace = std::make_shared<TraceSettingHandler>(info, services.traces);
  std::vector<HttpRoute> routes = {
      {"GET", "/", std::make_shared<WelcomeHandler>(info)},

      {"POST", "/predict", predict},
      {"POST", "/predict/:model", predict},
      {"POST", "/predict/:model/:version", predict},

      {"GET", "/v2", server},
      {"GET", "/v2/", server},
      {"GET", "/v2/health/live", std::make_shared<LiveHandler>(info)},
      {"GET", "/v2/health/ready", std::make_shared<ReadyHandler>(info)},
      {"GET", "/v2/models/:model", model},
      {"GET", "/v2/models/:model/versions/:version", model},
      {"GET", "/v2/models/:model/ready", model_ready},
      {"GET", "/v2/models/:model/versions/:version/ready", model_ready},
      // As in Triton, a model named "stats" cannot be asked for its metadata.
      {"GET", "/v2/models/stats", statistics},
      {"GET", "/v2/models/:model/stats", statistics},
      {"GET", "/v2/models/:model/versions/:version/stats", statistics},
      {"POST", "/v2/models/:model/infer", infer},
      {"POST", "/v2/models/:model/versions/:version/infer", infer},
      {"POST", "/v2/models/:model/generate", generate},
      {"POST", "/v2/models/:model/versions/:version/generate", generate},
      {"POST", "/v2/models/:model/generate_stream", generate_stream},
      {"POST", "/v2/models/:model/versions/:version/generate_stream", generate_stream},
      {"GET", "/v2/logging", logging},
      {"POST", "/v2/logging", logging},
      {"GET", "/v2/trace/setting", trace},
      {"POST", "/v2/trace/setting", trace},
      {"GET", "/v2/models/:model/trace/setting", trace},
      {"POST", "/v2/models/:model/trace/setting", trace},
      {"GET", "/v2/models/:model/config", model_config},
      {"GET", "/v2/models/:model/versions/:version/config", model_config},
      {"POST", "/v2/repository/models/:model/load",
       std::make_shared<RepositoryLoadHandler>(services.admin)},
      {"POST", "/v2/repository/models/:model/unload",
       std::make_shared<RepositoryUnloadHandler>(services.admin)},
      {"POST", "/v2/repository/:repository/index", by_name},
      {"POST", "/v2/repository/:repository/models/:model/load", by_name},
      {"POST", "/v2/repository/:repository/models/:model/unload", by_name},
      {"POST", "/v2/repository/index", std::make_shared<RepositoryIndexHandler>(info)},
  };
  for (HttpRoute& route : SharedMemoryRoutes(services.shared_memory)) {
    routes.push_back(std::move(route));
  }
  for (HttpRoute& route : MetricsRoutes(services.metrics)) routes.push_back(std::move(route));
  return routes;
}

std::vector<HttpRoute> MetricsRoutes(Metrics* metrics) {
  const auto handler = std::make_shared<MetricsHandler>(metrics);
  return {{"GET", "/metrics", handler}, {"GET", "/metrics/", handler}};
}

}  // namespace flambeau
