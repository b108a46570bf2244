// GRPCInferenceService.ModelReady: NOT_FOUND for a model that is not there, false for one not
// ready.
#pragma once

#include "base/status.h"
#include "serving/server_info.h"

namespace inference {
class ModelReadyRequest;
class ModelReadyResponse;
}  // namespace inference

namespace flambeau {

Status HandleModelReady(const ServerInfo& info, const inference::ModelReadyRequest& request,
                        inference::ModelReadyResponse* response);

}  // namespace flambeau
