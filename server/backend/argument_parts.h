// Lists, dicts and tuples as the protocols, which know only named tensors, see them: in parts.
//
// A part is named as a result's is (tensor/value.h Flatten): element i of `x` is "x[i]", a
// NamedTuple's field or a dict's key k "x.k", and so on downwards. A list of bool, int, float or
// str is one part: a tensor of rank 1.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "backend/facts.h"

namespace flambeau {

// What the elements of a list of scalars are, which is one tensor: of "List[str]" and
// "Optional[List[str]]" kString. Nothing for an argument that is no list, or one of something else.
std::optional<ValueKind> ListElement(const ArgumentFact& argument);

// Whether an argument comes in parts.
bool IsNested(const ArgumentFact& argument);

// The name of element i of a list or tuple.
std::string ItemName(const ArgumentFact& argument, size_t i);

// What can be told of an argument's parts before a request: those of a tuple, of a list the first,
// of a dict "x.*"; of an argument that does not come in parts itself.
std::vector<ArgumentFact> PartsOf(const ArgumentFact& argument);

}  // namespace flambeau
