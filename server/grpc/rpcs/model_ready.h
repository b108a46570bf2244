// GRPCInferenceService.ModelReady: NOT_FOUND for a model that is not there, false for one not
// ready.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "serving/server_info.h"

namespace inference {
class ModelReadyRequest;
class ModelReadyResponse;
}  // namespace inference

namespace flambeau {

grpc::ServerUnaryReactor* HandleModelReady(grpc::CallbackServerContext* context,
                                           const ServerInfo& info,
                                           const inference::ModelReadyRequest& request,
                                           inference::ModelReadyResponse* response);

}  // namespace flambeau
