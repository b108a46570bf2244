// GRPCInferenceService.RepositoryIndex: every model and its state.
#pragma once

#include "base/status.h"
#include "serving/server_info.h"

namespace inference {
class RepositoryIndexRequest;
class RepositoryIndexResponse;
}  // namespace inference

namespace flambeau {

Status HandleRepositoryIndex(const ServerInfo& info,
                             const inference::RepositoryIndexRequest& request,
                             inference::RepositoryIndexResponse* response);

}  // namespace flambeau
