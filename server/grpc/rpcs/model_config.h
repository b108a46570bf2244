// GRPCInferenceService.ModelConfig: the configuration in effect.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "serving/model_admin.h"

namespace inference {
class ModelConfigRequest;
class ModelConfigResponse;
}  // namespace inference

namespace flambeau {

grpc::ServerUnaryReactor* HandleModelConfig(grpc::CallbackServerContext* context,
                                            const ModelAdmin& admin,
                                            const inference::ModelConfigRequest& request,
                                            inference::ModelConfigResponse* response);

}  // namespace flambeau
