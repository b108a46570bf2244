// GRPCInferenceService.LogSettings.
#pragma once

#include "base/status.h"
#include "serving/adjustable_log.h"

namespace inference {
class LogSettingsRequest;
class LogSettingsResponse;
}  // namespace inference

namespace flambeau {

Status HandleLogSettings(AdjustableLog& log, const inference::LogSettingsRequest& request,
                         inference::LogSettingsResponse* response);

}  // namespace flambeau
