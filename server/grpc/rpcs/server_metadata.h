// GRPCInferenceService.ServerMetadata: name, version and the extensions that work.
#pragma once

#include "base/status.h"
#include "serving/server_info.h"

namespace inference {
class ServerMetadataRequest;
class ServerMetadataResponse;
}  // namespace inference

namespace flambeau {

Status HandleServerMetadata(const ServerInfo& info,
                            const inference::ServerMetadataRequest& /*request*/,
                            inference::ServerMetadataResponse* response);

}  // namespace flambeau
