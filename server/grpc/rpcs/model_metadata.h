// GRPCInferenceService.ModelMetadata: inputs, outputs, and how each fact is known.
#pragma once

#include "base/status.h"
#include "serving/server_info.h"

namespace inference {
class ModelMetadataRequest;
class ModelMetadataResponse;
}  // namespace inference

namespace flambeau {

Status HandleModelMetadata(const ServerInfo& info, const inference::ModelMetadataRequest& request,
                           inference::ModelMetadataResponse* response);

}  // namespace flambeau
