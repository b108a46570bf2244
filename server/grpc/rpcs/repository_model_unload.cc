#include "grpc/rpcs/repository_model_unload.h"

#include <string>
#include <utility>

#include "grpc/model_name.h"
#include "grpc/rpcs/repository_name_internal.h"
#include "grpc/status_mapping.h"
#include "proto/inference.pb.h"

namespace flambeau {
namespace {

Result<LoadParameters> Decode(const inference::RepositoryModelUnloadRequest& request) {
  FLAMBEAU_RETURN_IF_ERROR(RequireNoRepositoryName(request.repository_name()));
  FLAMBEAU_RETURN_IF_ERROR(RequireModelName(request.model_name(), "model_name"));
  using Choice = inference::ModelRepositoryParameter;
  LoadParameters parameters;
  for (const auto& [name, value] : request.parameters()) {
    if (name != "unload_dependents") return UnknownLoadParameter(name, /*unload=*/true);
    if (value.parameter_choice_case() != Choice::kBoolParam) {
      return InvalidArgument("Parameter 'unload_dependents' must be a bool_param.");
    }
    parameters.unload_dependents = value.bool_param();
  }
  return parameters;
}

}  // namespace

grpc::ServerUnaryReactor* HandleRepositoryModelUnload(
    grpc::CallbackServerContext* context, ModelAdmin& admin,
    const inference::RepositoryModelUnloadRequest& request) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Result<LoadParameters> parameters = Decode(request);
  if (!parameters.ok()) {
    reactor->Finish(ToGrpcStatus(parameters.status()));
    return reactor;
  }
  admin.Unload(request.model_name(), *std::move(parameters),
               [reactor](const Status& status) { reactor->Finish(ToGrpcStatus(status)); });
  return reactor;
}

}  // namespace flambeau
