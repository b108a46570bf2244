// Named inputs -> a method's arguments in order, checked against what is known for certain.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/facts.h"
#include "base/status.h"
#include "repository/declaration.h"
#include "tensor/value.h"

namespace flambeau {

// Which argument an input of that name is: the model's own name, a declared one, or INPUT__<i>;
// nothing if none.
std::optional<size_t> ArgumentOf(const MethodFacts& method, const Declaration* declaration,
                                 std::string_view name);

// Names are the arguments' own, INPUT__<i> for the i-th, or empty for the only tensor argument; a
// list, dict or tuple comes as one value or in parts (backend/argument_parts.h).
// A tensor is held against declared and graph facts alone: its datatype, its rank, its dimensions
// but the first, and indices into a table of known size. A tensor of one element serves as a bool,
// int, float or str argument. An absent optional or defaulted argument becomes None. What
// `declaration` (null: nothing is declared) says of names, reshapes and the largest batch holds.
// One of `parameters`, the request's, that has a bool, int, float or str argument's name is that
// argument unless an input is; others are ignored.
// Threads: any.
// Errors: INVALID_ARGUMENT, one sentence that names the input or parameter and the fix;
// UNIMPLEMENTED for an argument of a type that the protocol cannot carry.
Result<std::vector<Value>> BindArguments(const MethodFacts& method, std::vector<NamedValue> inputs,
                                         const Declaration* declaration = nullptr,
                                         std::vector<NamedValue> parameters = {});

}  // namespace flambeau
