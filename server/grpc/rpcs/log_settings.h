// GRPCInferenceService.LogSettings.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "serving/adjustable_log.h"

namespace inference {
class LogSettingsRequest;
class LogSettingsResponse;
}  // namespace inference

namespace flambeau {

grpc::ServerUnaryReactor* HandleLogSettings(grpc::CallbackServerContext* context,
                                            AdjustableLog* log,
                                            const inference::LogSettingsRequest& request,
                                            inference::LogSettingsResponse* response);

}  // namespace flambeau
