// GRPCInferenceService.RepositoryModelLoad.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "serving/model_admin.h"

namespace inference {
class RepositoryModelLoadRequest;
}  // namespace inference

namespace flambeau {

// Answers once the model is ready or has failed, from a thread of the repository's.
grpc::ServerUnaryReactor* HandleRepositoryModelLoad(
    grpc::CallbackServerContext* context, ModelAdmin& admin,
    const inference::RepositoryModelLoadRequest& request);

}  // namespace flambeau
