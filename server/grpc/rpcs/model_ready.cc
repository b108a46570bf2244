#include "grpc/rpcs/model_ready.h"

#include "grpc/status_mapping.h"
#include "proto/inference.pb.h"

namespace flambeau {

grpc::ServerUnaryReactor* HandleModelReady(grpc::CallbackServerContext* context,
                                           const ServerInfo& info,
                                           const inference::ModelReadyRequest& request,
                                           inference::ModelReadyResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const Result<bool> ready = info.ModelReady(request.name(), request.version());
  if (ready.ok()) response->set_ready(*ready);
  reactor->Finish(ToGrpcStatus(ready.status()));
  return reactor;
}

}  // namespace flambeau
