// GRPCInferenceService.TraceSetting.
#pragma once

#include "base/status.h"
#include "grpc/server.h"

namespace inference {
class TraceSettingRequest;
class TraceSettingResponse;
}  // namespace inference

namespace flambeau {

Status HandleTraceSetting(const GrpcServices& services,
                          const inference::TraceSettingRequest& request,
                          inference::TraceSettingResponse* response);

}  // namespace flambeau
