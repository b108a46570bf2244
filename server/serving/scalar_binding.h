// A bool, int, float or str argument out of what a request can carry for it.
#pragma once

#include "backend/facts.h"
#include "base/status.h"
#include "tensor/value.h"

namespace flambeau {

// `value` as the scalar that `argument` takes: it is one already, or a tensor of one element.
// Threads: any. Errors: INVALID_ARGUMENT, one sentence that names the input and the fix.
Result<Value> BindScalar(const ArgumentFact& argument, Value value);

// The same for the request's parameter of the argument's name, which is a scalar already.
Result<Value> BindParameter(const ArgumentFact& argument, Value value);

}  // namespace flambeau
