// GRPCInferenceService.ServerReady: may requests be sent? False while loading and while draining.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "serving/server_info.h"

namespace inference {
class ServerReadyResponse;
}

namespace flambeau {

grpc::ServerUnaryReactor* HandleServerReady(grpc::CallbackServerContext* context,
                                            const ServerInfo& info,
                                            inference::ServerReadyResponse* response);

}  // namespace flambeau
