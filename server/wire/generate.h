// The generate extension's messages: inputs and outputs by name, without shapes and datatypes.
// Source: Triton extension_generate.md.
#pragma once

#include <string>

#include "backend/facts.h"
#include "base/status.h"
#include "codec/json_numbers.h"
#include "serving/request.h"

namespace flambeau {

// A key of the body or of its "parameters" that is a model's input is that input: a scalar, or an
// array of one dimension. "id", "timeout" and "priority" are the request's; others are skipped.
// Errors: INVALID_ARGUMENT, one sentence.
Result<InferRequest> DecodeGenerate(PaddedJson body, const MethodFacts& signature);

// {"id", "model_name", "model_version", "<output>": a scalar if it has one element, else flat}.
// Errors: INVALID_ARGUMENT for BYTES that are not UTF-8.
Result<std::string> EncodeGenerate(const InferResult& result);

}  // namespace flambeau
