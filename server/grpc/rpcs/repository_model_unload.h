// GRPCInferenceService.RepositoryModelUnload.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "serving/model_admin.h"

namespace inference {
class RepositoryModelUnloadRequest;
}  // namespace inference

namespace flambeau {

// Answers once the model is no longer served, from a thread of the repository's.
grpc::ServerUnaryReactor* HandleRepositoryModelUnload(
    grpc::CallbackServerContext* context, ModelAdmin& admin,
    const inference::RepositoryModelUnloadRequest& request);

}  // namespace flambeau
