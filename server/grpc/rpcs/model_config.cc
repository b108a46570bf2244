#include "grpc/rpcs/model_config.h"

#include "grpc/model_name.h"
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

Status HandleModelConfig(const ModelAdmin& admin, const inference::ModelConfigRequest& request,
                         inference::ModelConfigResponse* response) {
  return Fill(admin, request, response);
}

}  // namespace flambeau
