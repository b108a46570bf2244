#include "grpc/rpcs/repository_model_unload.h"

#include <string>
#include <utility>

#include "grpc/model_name.h"
#include "grpc/rpcs/repository_name_internal.h"
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

void HandleRepositoryModelUnload(ModelAdmin& admin,
                                 const inference::RepositoryModelUnloadRequest& request,
                                 std::function<void(const Status&)> done) {
  Result<LoadParameters> parameters = Decode(request);
  if (!parameters.ok()) return done(parameters.status());
  admin.Unload(request.model_name(), *std::move(parameters), std::move(done));
}

}  // namespace flambeau
