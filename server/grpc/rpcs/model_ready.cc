#include "grpc/rpcs/model_ready.h"

#include "grpc/model_name.h"
#include "grpc/status_mapping.h"
#include "proto/inference.pb.h"

namespace flambeau {

grpc::ServerUnaryReactor* HandleModelReady(grpc::CallbackServerContext* context,
                                           const ServerInfo& info,
                                           const inference::ModelReadyRequest& request,
                                           inference::ModelReadyResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (const Status named = RequireModelName(request.name(), "name"); !named.ok()) {
    reactor->Finish(ToGrpcStatus(named));
    return reactor;
  }
  const Result<bool> ready = info.ModelReady(request.name(), request.version());
  if (ready.ok()) response->set_ready(*ready);
  reactor->Finish(ToGrpcStatus(ready.status()));
  return reactor;
}

}  // namespace flambeau
