// A model must be named here: over gRPC nobody means the default model by saying nothing.
#pragma once

#include <string>

#include "base/status.h"

namespace flambeau {

// INVALID_ARGUMENT if `name` is empty; `field` is the message's.
Status RequireModelName(const std::string& name, const std::string& field);

}  // namespace flambeau
