// GRPCInferenceService.ServerLive: does the process answer?
#pragma once

#include "base/status.h"
#include "serving/server_info.h"

namespace inference {
class ServerLiveRequest;
class ServerLiveResponse;
}  // namespace inference

namespace flambeau {

Status HandleServerLive(const ServerInfo& info, const inference::ServerLiveRequest& /*request*/,
                        inference::ServerLiveResponse* response);

}  // namespace flambeau
