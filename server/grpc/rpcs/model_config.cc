#include "grpc/rpcs/model_config.h"

#include "grpc/model_name.h"
#include "grpc/status_mapping.h"
#include "proto/inference.pb.h"
#include "spec/config_json.h"

namespace flambeau {
namespace {

Status Fill(const ModelAdmin& admin, const inference::ModelConfigRequest& request,
            inference::ModelConfigResponse* response) {
  FLAMBEAU_RETURN_IF_ERROR(RequireModelName(request.name(), "name"));
  FLAMBEAU_ASSIGN_OR_RETURN(const auto config, admin.Config(request.name(), request.version()));
  if (response->mutable_config()->ParseFromString(EncodeConfigProto(*config))) return OkStatus();
  return Internal("the configuration could not be encoded");
}

}  // namespace

grpc::ServerUnaryReactor* HandleModelConfig(grpc::CallbackServerContext* context,
                                            const ModelAdmin& admin,
                                            const inference::ModelConfigRequest& request,
                                            inference::ModelConfigResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(Fill(admin, request, response)));
  return reactor;
}

}  // namespace flambeau
