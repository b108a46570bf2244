// Whether a model's answer is the one that a /predict response holds.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "codec/json_numbers.h"
#include "tensor/value.h"

namespace flambeau {

// Nothing if `answer` is what `response`, {"output": ...} or {"outputs": ...}, says: floats within
// the tolerance (by the datatype where it is not given; see golden_examples.h), all else exactly.
// Else the first difference, "output[0][3] is 0.71 and should be 0.9".
// Threads: free function, any thread. Lifetime: keeps nothing.
// Errors: INVALID_ARGUMENT if `response` is no such object.
Result<std::optional<std::string>> CompareAnswer(const Value& answer, PaddedJson response,
                                                 std::optional<double> tolerance);

}  // namespace flambeau
