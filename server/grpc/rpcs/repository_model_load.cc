#include "grpc/rpcs/repository_model_load.h"

#include <string>
#include <utility>

#include "grpc/model_name.h"
#include "grpc/rpcs/repository_name_internal.h"
#include "proto/inference.pb.h"

namespace flambeau {
namespace {

Result<LoadParameters> Decode(const inference::RepositoryModelLoadRequest& request) {
  FLAMBEAU_RETURN_IF_ERROR(RequireNoRepositoryName(request.repository_name()));
  FLAMBEAU_RETURN_IF_ERROR(RequireModelName(request.model_name(), "model_name"));
  using Choice = inference::ModelRepositoryParameter;
  LoadParameters parameters;
  for (const auto& [name, value] : request.parameters()) {
    if (name != "config") return UnknownLoadParameter(name, /*unload=*/false);
    if (value.parameter_choice_case() != Choice::kStringParam) {
      return InvalidArgument("Parameter 'config' must be a string_param: a ModelConfig as JSON.");
    }
    parameters.config = value.string_param();
  }
  return parameters;
}

}  // namespace

void HandleRepositoryModelLoad(ModelAdmin& admin,
                               const inference::RepositoryModelLoadRequest& request,
                               std::function<void(const Status&)> done) {
  Result<LoadParameters> parameters = Decode(request);
  if (!parameters.ok()) return done(parameters.status());
  admin.Load(request.model_name(), *std::move(parameters), std::move(done));
}

}  // namespace flambeau
