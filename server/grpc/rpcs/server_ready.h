// GRPCInferenceService.ServerReady: may requests be sent? False while loading and while draining.
#pragma once

#include "base/status.h"
#include "serving/server_info.h"

namespace inference {
class ServerReadyRequest;
class ServerReadyResponse;
}  // namespace inference

namespace flambeau {

Status HandleServerReady(const ServerInfo& info, const inference::ServerReadyRequest& /*request*/,
                         inference::ServerReadyResponse* response);

}  // namespace flambeau
