// GRPCInferenceService.ModelMetadata: inputs, outputs, and how each fact is known.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "serving/server_info.h"

namespace inference {
class ModelMetadataRequest;
class ModelMetadataResponse;
}  // namespace inference

namespace flambeau {

grpc::ServerUnaryReactor* HandleModelMetadata(grpc::CallbackServerContext* context,
                                              const ServerInfo& info,
                                              const inference::ModelMetadataRequest& request,
                                              inference::ModelMetadataResponse* response);

}  // namespace flambeau
