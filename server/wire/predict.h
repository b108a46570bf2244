// POST /predict: Flask's habit. {"input": [[...]]} -> {"output": [[...]]}.
#pragma once

#include <string>

#include "backend/facts.h"
#include "base/status.h"
#include "codec/json_numbers.h"
#include "repository/declaration.h"
#include "serving/request.h"

namespace flambeau {

// {"input": X} for a model of one argument, {"inputs": {"name": X, ...}} for several. Exactly one
// of the two; any other key is refused by name, but "id" and "parameters": {"timeout":
// microseconds, "priority": 1} and, by name, arguments that are bool, int, float or str. A tensor
// argument is typed as torch.tensor would type it, then converted to the signature's datatype if
// that is known; a bool/int/float/str argument takes the JSON scalar. Errors: INVALID_ARGUMENT, one
// sentence naming the field and the fix.
// `declaration` (null: nothing is declared) tells the names that an argument has besides the shown.
Result<InferRequest> DecodePredict(PaddedJson body, const MethodFacts& signature,
                                   const Declaration* declaration = nullptr);

// {"output": X}, or {"outputs": ...} where the model returns several (a tuple is an array, a dict
// or NamedTuple an object); outputs that a configuration declares have their names and shapes.
// Errors: INVALID_ARGUMENT if a result cannot be JSON (bytes that are not
// UTF-8).
Result<std::string> EncodePredict(const InferResult& result);

}  // namespace flambeau
