// The logging and trace extensions' messages.
// Source: Triton extension_logging.md, extension_trace.md.
#pragma once

#include <string>

#include "base/status.h"
#include "codec/json_numbers.h"
#include "serving/adjustable_log.h"
#include "serving/trace_settings.h"

namespace flambeau {

// An object of some settings; an empty body changes nothing. Errors: INVALID_ARGUMENT.
Result<LogSettingsUpdate> DecodeLogSettings(PaddedJson body);
std::string EncodeLogSettings(const LogSettings& settings);

// The same; null clears a setting.
Result<TraceUpdate> DecodeTraceSettings(PaddedJson body);
std::string EncodeTraceSettings(const TraceValues& values);

}  // namespace flambeau
