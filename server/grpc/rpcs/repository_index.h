// GRPCInferenceService.RepositoryIndex: every model and its state.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "serving/server_info.h"

namespace inference {
class RepositoryIndexRequest;
class RepositoryIndexResponse;
}  // namespace inference

namespace flambeau {

grpc::ServerUnaryReactor* HandleRepositoryIndex(grpc::CallbackServerContext* context,
                                                const ServerInfo& info,
                                                const inference::RepositoryIndexRequest& request,
                                                inference::RepositoryIndexResponse* response);

}  // namespace flambeau
