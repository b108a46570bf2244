// GRPCInferenceService.ModelStatistics: what models have done; every model's if none is named.
#pragma once

#include "base/status.h"
#include "serving/server_info.h"

namespace inference {
class ModelStatisticsRequest;
class ModelStatisticsResponse;
}  // namespace inference

namespace flambeau {

Status HandleModelStatistics(const ServerInfo& info,
                             const inference::ModelStatisticsRequest& request,
                             inference::ModelStatisticsResponse* response);

}  // namespace flambeau
