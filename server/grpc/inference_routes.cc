#include "grpc/inference_routes.h"

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "grpc/rpcs/cuda_shared_memory_register.h"
#include "grpc/rpcs/cuda_shared_memory_status.h"
#include "grpc/rpcs/cuda_shared_memory_unregister.h"
#include "grpc/rpcs/log_settings.h"
#include "grpc/rpcs/model_config.h"
#include "grpc/rpcs/model_infer.h"
#include "grpc/rpcs/model_metadata.h"
#include "grpc/rpcs/model_ready.h"
#include "grpc/rpcs/model_statistics.h"
#include "grpc/rpcs/model_stream_infer.h"
#include "grpc/rpcs/repository_index.h"
#include "grpc/rpcs/repository_model_load.h"
#include "grpc/rpcs/repository_model_unload.h"
#include "grpc/rpcs/server_live.h"
#include "grpc/rpcs/server_metadata.h"
#include "grpc/rpcs/server_ready.h"
#include "grpc/rpcs/system_shared_memory_register.h"
#include "grpc/rpcs/system_shared_memory_status.h"
#include "grpc/rpcs/system_shared_memory_unregister.h"
#include "grpc/rpcs/trace_setting.h"
#include "grpc/unary_call_internal.h"
#include "proto/inference.pb.h"

namespace flambeau {
namespace {

// A method that is answered at once.
template <class Service, class Request, class Response>
RpcStart Brief(Status (*handle)(Service&, const Request&, Response*),
               std::type_identity_t<Service>& service) {
  return Unary<Request, Response>([handle, &service](const Request& request, Response* response) {
    return handle(service, request, response);
  });
}

template <class Request, class Response>
RpcStart Brief(Status (*handle)(const Request&, Response*)) {
  return Unary<Request, Response>(handle);
}

// A method of ModelAdmin's that is answered once it has been done; the answer says nothing more.
template <class Response, class Request>
RpcStart Lasting(void (*handle)(ModelAdmin&, const Request&, std::function<void(const Status&)>),
                 ModelAdmin& admin) {
  return UnaryLater<Request>(
      [handle, &admin](const Request& request, const std::shared_ptr<UnaryCall>& call) {
        handle(admin, request, [call](const Status& status) {
          if (!status.ok()) return call->Refuse(status);
          call->Answer(WriteMessage(Response()));
        });
      });
}

}  // namespace

void AddInferenceRoutes(const InferService& infer, const GrpcServices& services,
                        RpcRoutes* routes) {
  const auto add = [routes](const char* method, RpcStart start) {
    (*routes)[std::string("/inference.GRPCInferenceService/") + method] = std::move(start);
  };
  const ServerInfo& info = *services.info;
  add("ServerLive", Brief(&HandleServerLive, info));
  add("ServerReady", Brief(&HandleServerReady, info));
  add("ServerMetadata", Brief(&HandleServerMetadata, info));
  add("ModelReady", Brief(&HandleModelReady, info));
  add("ModelMetadata", Brief(&HandleModelMetadata, info));
  add("ModelStatistics", Brief(&HandleModelStatistics, info));
  add("ModelConfig", Brief(&HandleModelConfig, *services.admin));
  add("ModelInfer", [&infer](Rpc* rpc) { return HandleModelInfer(rpc, infer); });
  add("ModelStreamInfer", [&infer](Rpc* rpc) { return HandleModelStreamInfer(rpc, infer); });
  add("RepositoryIndex", Brief(&HandleRepositoryIndex, info));
  add("RepositoryModelLoad",
      Lasting<inference::RepositoryModelLoadResponse>(&HandleRepositoryModelLoad, *services.admin));
  add("RepositoryModelUnload", Lasting<inference::RepositoryModelUnloadResponse>(
                                   &HandleRepositoryModelUnload, *services.admin));
  add("SystemSharedMemoryStatus", Brief(&HandleSystemSharedMemoryStatus, *services.shared_memory));
  add("SystemSharedMemoryRegister",
      Brief(&HandleSystemSharedMemoryRegister, *services.shared_memory));
  add("SystemSharedMemoryUnregister",
      Brief(&HandleSystemSharedMemoryUnregister, *services.shared_memory));
  add("CudaSharedMemoryStatus", Brief(&HandleCudaSharedMemoryStatus));
  add("CudaSharedMemoryRegister", Brief(&HandleCudaSharedMemoryRegister));
  add("CudaSharedMemoryUnregister", Brief(&HandleCudaSharedMemoryUnregister));
  add("LogSettings", Brief(&HandleLogSettings, *services.log));
  add("TraceSetting", Brief(&HandleTraceSetting, services));
}

}  // namespace flambeau
