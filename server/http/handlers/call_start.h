// How a handler lets an inference request in: its headers become a RequestContext.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "http/message.h"
#include "serving/inference.h"

namespace flambeau {

// The client's own deadline, in milliseconds: 1 to 3600000.
inline constexpr std::string_view kTimeoutHeader = "x-request-timeout-ms";

// The header in microseconds, or nothing. Errors: INVALID_ARGUMENT.
Result<std::optional<int64_t>> TimeoutOf(const HttpRequest& request);

// A path parameter, or "".
std::string PathParam(const HttpRequest& request, const std::string& name);

// Inference::Begin for the path's :model and :version, the last of which may name a method behind a
// colon ("3:encode"). `route` is the log's label for it.
Result<Call> StartCall(const HttpRequest& request, std::string_view route, Inference* inference);

// 200 with a JSON body.
HttpResponse JsonResponse(std::string body);

}  // namespace flambeau
