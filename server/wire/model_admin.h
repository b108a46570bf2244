// The body of POST /v2/repository/models/{model}/load and unload.
#pragma once

#include "base/status.h"
#include "codec/json_numbers.h"
#include "serving/model_admin.h"

namespace flambeau {

// Empty, {} or {"parameters": {...}}. Errors: INVALID_ARGUMENT for anything else, and for a
// parameter that is not known or of another type.
Result<LoadParameters> DecodeLoadRequest(PaddedJson body, bool unload);

}  // namespace flambeau
