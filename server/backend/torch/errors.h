// LibTorch's exceptions as Status: one clean sentence for the client, everything for the log.
#pragma once

#include <string>
#include <string_view>

#include "base/log.h"
#include "base/status.h"

namespace flambeau {

// To be called inside a catch block only.
// Threads: any. Errors: none, never throws.

// A run that failed: INVALID_ARGUMENT if the request's shapes, datatypes or values do not fit the
// model or the model itself raised an exception, RESOURCE_EXHAUSTED without memory, else INTERNAL.
Status RunFailure(Log* log, std::string_view method) noexcept;

// A file that could not be loaded: INVALID_ARGUMENT (RESOURCE_EXHAUSTED without memory).
Status LoadFailure(Log* log) noexcept;

}  // namespace flambeau
