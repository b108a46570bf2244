// GRPCInferenceService.ModelStatistics: what models have done; every model's if none is named.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "serving/server_info.h"

namespace inference {
class ModelStatisticsRequest;
class ModelStatisticsResponse;
}  // namespace inference

namespace flambeau {

grpc::ServerUnaryReactor* HandleModelStatistics(grpc::CallbackServerContext* context,
                                                const ServerInfo& info,
                                                const inference::ModelStatisticsRequest& request,
                                                inference::ModelStatisticsResponse* response);

}  // namespace flambeau
