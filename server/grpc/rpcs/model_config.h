// GRPCInferenceService.ModelConfig: the configuration in effect.
#pragma once

#include "base/status.h"
#include "serving/model_admin.h"

namespace inference {
class ModelConfigRequest;
class ModelConfigResponse;
}  // namespace inference

namespace flambeau {

Status HandleModelConfig(const ModelAdmin& admin, const inference::ModelConfigRequest& request,
                         inference::ModelConfigResponse* response);

}  // namespace flambeau
