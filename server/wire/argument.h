// One argument of a model from the JSON value that was sent for it.
#pragma once

#include "backend/facts.h"
#include "base/status.h"
#include "codec/json_cursor.h"
#include "tensor/value.h"

namespace flambeau {

template <typename T>
Result<Value> AsValue(Result<T> result) {
  if (!result.ok()) return result.status();
  return Value{*std::move(result)};
}

// The value at the cursor. A tensor has the shape of the nesting, and the datatype that is certain
// of the argument, else the one that torch.tensor would give it.
// Errors: INVALID_ARGUMENT.
Result<Value> DecodeArgument(JsonCursor* cursor, const ArgumentFact& argument);

}  // namespace flambeau
