#include "grpc/service.h"

#include "grpc/rpcs/cuda_shared_memory_register.h"
#include "grpc/rpcs/cuda_shared_memory_status.h"
#include "grpc/rpcs/cuda_shared_memory_unregister.h"
#include "grpc/rpcs/log_settings.h"
#include "grpc/rpcs/model_config.h"
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
#include "proto/inference.grpc.pb.h"

namespace flambeau {
namespace {

// Inference is raw: see infer_messages.h.
using BaseService = inference::GRPCInferenceService::WithRawCallbackMethod_ModelInfer<
    inference::GRPCInferenceService::CallbackService>;

int IndexOf(const char* rpc) {
  return inference::ModelInferRequest::descriptor()
      ->file()
      ->FindServiceByName("GRPCInferenceService")
      ->FindMethodByName(rpc)
      ->index();
}

class InferenceService final : public BaseService {
 public:
  using Context = grpc::CallbackServerContext;
  using Reactor = grpc::ServerUnaryReactor;

  InferenceService(const InferService& infer, const GrpcServices& services)
      : infer_(infer),
        info_(services.info),
        log_(services.log),
        traces_(services.traces),
        admin_(services.admin) {
    // The generated class for a raw stream cannot stand on one where the stream is typed.
    MarkMethodRawCallback(
        IndexOf("ModelStreamInfer"),
        new grpc::internal::CallbackBidiHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
            [this](Context* context) { return HandleModelStreamInfer(context, infer_); }));
  }

  Reactor* ServerLive(Context* context, const inference::ServerLiveRequest*,
                      inference::ServerLiveResponse* response) override {
    return HandleServerLive(context, *info_, response);
  }
  Reactor* ServerReady(Context* context, const inference::ServerReadyRequest*,
                       inference::ServerReadyResponse* response) override {
    return HandleServerReady(context, *info_, response);
  }
  Reactor* ModelReady(Context* context, const inference::ModelReadyRequest* request,
                      inference::ModelReadyResponse* response) override {
    return HandleModelReady(context, *info_, *request, response);
  }
  Reactor* ServerMetadata(Context* context, const inference::ServerMetadataRequest*,
                          inference::ServerMetadataResponse* response) override {
    return HandleServerMetadata(context, *info_, response);
  }
  Reactor* ModelMetadata(Context* context, const inference::ModelMetadataRequest* request,
                         inference::ModelMetadataResponse* response) override {
    return HandleModelMetadata(context, *info_, *request, response);
  }
  Reactor* ModelStatistics(Context* context, const inference::ModelStatisticsRequest* request,
                           inference::ModelStatisticsResponse* response) override {
    return HandleModelStatistics(context, *info_, *request, response);
  }
  Reactor* ModelConfig(Context* context, const inference::ModelConfigRequest* request,
                       inference::ModelConfigResponse* response) override {
    return HandleModelConfig(context, *admin_, *request, response);
  }
  Reactor* RepositoryModelLoad(Context* context,
                               const inference::RepositoryModelLoadRequest* request,
                               inference::RepositoryModelLoadResponse*) override {
    return HandleRepositoryModelLoad(context, *admin_, *request);
  }
  Reactor* RepositoryModelUnload(Context* context,
                                 const inference::RepositoryModelUnloadRequest* request,
                                 inference::RepositoryModelUnloadResponse*) override {
    return HandleRepositoryModelUnload(context, *admin_, *request);
  }
  Reactor* RepositoryIndex(Context* context, const inference::RepositoryIndexRequest* request,
                           inference::RepositoryIndexResponse* response) override {
    return HandleRepositoryIndex(context, *info_, *request, response);
  }
  Reactor* SystemSharedMemoryStatus(
      Context* context, const inference::SystemSharedMemoryStatusRequest* request,
      inference::SystemSharedMemoryStatusResponse* response) override {
    return HandleSystemSharedMemoryStatus(context, *infer_.shared_memory, *request, response);
  }
  Reactor* SystemSharedMemoryRegister(Context* context,
                                      const inference::SystemSharedMemoryRegisterRequest* request,
                                      inference::SystemSharedMemoryRegisterResponse*) override {
    return HandleSystemSharedMemoryRegister(context, infer_.shared_memory, *request);
  }
  Reactor* SystemSharedMemoryUnregister(
      Context* context, const inference::SystemSharedMemoryUnregisterRequest* request,
      inference::SystemSharedMemoryUnregisterResponse*) override {
    return HandleSystemSharedMemoryUnregister(context, infer_.shared_memory, *request);
  }
  Reactor* CudaSharedMemoryStatus(Context* context,
                                  const inference::CudaSharedMemoryStatusRequest* request,
                                  inference::CudaSharedMemoryStatusResponse*) override {
    return HandleCudaSharedMemoryStatus(context, *request);
  }
  Reactor* CudaSharedMemoryRegister(Context* context,
                                    const inference::CudaSharedMemoryRegisterRequest* request,
                                    inference::CudaSharedMemoryRegisterResponse*) override {
    return HandleCudaSharedMemoryRegister(context, *request);
  }
  Reactor* CudaSharedMemoryUnregister(Context* context,
                                      const inference::CudaSharedMemoryUnregisterRequest* request,
                                      inference::CudaSharedMemoryUnregisterResponse*) override {
    return HandleCudaSharedMemoryUnregister(context, *request);
  }
  Reactor* LogSettings(Context* context, const inference::LogSettingsRequest* request,
                       inference::LogSettingsResponse* response) override {
    return HandleLogSettings(context, log_, *request, response);
  }
  Reactor* TraceSetting(Context* context, const inference::TraceSettingRequest* request,
                        inference::TraceSettingResponse* response) override {
    return HandleTraceSetting(context, *info_, traces_, *request, response);
  }
  Reactor* ModelInfer(Context* context, const grpc::ByteBuffer* request,
                      grpc::ByteBuffer* response) override {
    // gRPC made it for this call alone; const would keep a parsed request's bytes until the answer.
    return HandleModelInfer(context, infer_, const_cast<grpc::ByteBuffer*>(request), response);
  }

 private:
  const InferService infer_;
  const ServerInfo* const info_;
  AdjustableLog* const log_;
  TraceSettings* const traces_;
  ModelAdmin* const admin_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewInferenceService(const InferService& infer,
                                                   const GrpcServices& services) {
  return std::make_unique<InferenceService>(infer, services);
}

}  // namespace flambeau
