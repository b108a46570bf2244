// For the fuzz targets: the signature of a model that takes an argument of every kind.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "backend/facts.h"

inline flambeau::ArgumentFact OfKind(flambeau::ValueKind kind,
                                     std::vector<flambeau::ArgumentFact> elements = {},
                                     std::string name = "") {
  flambeau::ArgumentFact argument;
  argument.name = std::move(name);
  argument.kind = kind;
  argument.elements = std::move(elements);
  argument.optional = true;
  return argument;
}

// a to f are a tensor (which must be given), bool, int, float, str and what cannot be sent; g is a
// list of dicts of tensors, h a list of str, i a tuple of a tensor and a NamedTuple.
inline flambeau::MethodFacts EveryKind() {
  using flambeau::ValueKind;
  const flambeau::ArgumentFact tensor = OfKind(ValueKind::kTensor);
  flambeau::MethodFacts method;
  method.arguments = {
      OfKind(ValueKind::kTensor, {}, "a"),
      OfKind(ValueKind::kBool, {}, "b"),
      OfKind(ValueKind::kInt, {}, "c"),
      OfKind(ValueKind::kFloat, {}, "d"),
      OfKind(ValueKind::kString, {}, "e"),
      OfKind(ValueKind::kOther, {}, "f"),
      OfKind(ValueKind::kList, {OfKind(ValueKind::kDict, {tensor})}, "g"),
      OfKind(ValueKind::kList, {OfKind(ValueKind::kString)}, "h"),
      OfKind(ValueKind::kTuple,
             {tensor, OfKind(ValueKind::kTuple, {OfKind(ValueKind::kInt, {}, "x"),
                                                 OfKind(ValueKind::kTensor, {}, "y")})},
             "i"),
  };
  method.arguments.front().optional = false;
  return method;
}
