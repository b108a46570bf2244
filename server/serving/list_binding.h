// A list of bool, int, float or str out of what a request can carry for it.
#pragma once

#include "backend/facts.h"
#include "base/status.h"
#include "tensor/value.h"

namespace flambeau {

// `value`, a tensor of rank 1, as the list of `element` that `argument` takes.
// Threads: any. Errors: INVALID_ARGUMENT, one sentence that names the input and the fix.
Result<Value> BindList(const ArgumentFact& argument, ValueKind element, const Value& value);

}  // namespace flambeau
