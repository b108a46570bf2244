// GRPCInferenceService.ServerMetadata: name, version and the extensions that work.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "serving/server_info.h"

namespace inference {
class ServerMetadataResponse;
}

namespace flambeau {

grpc::ServerUnaryReactor* HandleServerMetadata(grpc::CallbackServerContext* context,
                                               const ServerInfo& info,
                                               inference::ServerMetadataResponse* response);

}  // namespace flambeau
