// GRPCInferenceService.TraceSetting.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "serving/server_info.h"
#include "serving/trace_settings.h"

namespace inference {
class TraceSettingRequest;
class TraceSettingResponse;
}  // namespace inference

namespace flambeau {

grpc::ServerUnaryReactor* HandleTraceSetting(grpc::CallbackServerContext* context,
                                             const ServerInfo& info, TraceSettings* settings,
                                             const inference::TraceSettingRequest& request,
                                             inference::TraceSettingResponse* response);

}  // namespace flambeau
