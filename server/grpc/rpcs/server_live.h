// GRPCInferenceService.ServerLive: does the process answer?
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "serving/server_info.h"

namespace inference {
class ServerLiveResponse;
}

namespace flambeau {

grpc::ServerUnaryReactor* HandleServerLive(grpc::CallbackServerContext* context,
                                           const ServerInfo& info,
                                           inference::ServerLiveResponse* response);

}  // namespace flambeau
