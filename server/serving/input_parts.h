// A list, dict or tuple out of the parts that a request carries for it.
#pragma once

#include <string>
#include <vector>

#include "backend/argument_parts.h"
#include "base/status.h"
#include "tensor/value.h"

namespace flambeau {

// What to send for an argument that comes in parts, for a sentence's end: "its elements as 'x[0]',
// 'x[1]' and so on".
std::string PartNames(const ArgumentFact& argument);

// The value whose parts, named as argument_parts.h says, are `parts`; what their values are is not
// checked. A dict has the order of its parts.
// Threads: any. Errors: INVALID_ARGUMENT, one sentence: a part that is missing, doubled or unknown.
Result<Value> JoinInput(const ArgumentFact& argument, std::vector<NamedValue> parts);

}  // namespace flambeau
