// For the fuzz targets: the signature of a model that takes an argument of every kind.
#pragma once

#include <string>

#include "backend/facts.h"

inline flambeau::MethodFacts EveryKind() {
  using flambeau::ValueKind;
  flambeau::MethodFacts method;
  constexpr ValueKind kKinds[] = {ValueKind::kTensor, ValueKind::kBool,   ValueKind::kInt,
                                  ValueKind::kFloat,  ValueKind::kString, ValueKind::kOther};
  for (const ValueKind kind : kKinds) {
    flambeau::ArgumentFact argument;
    argument.name = std::string(1, static_cast<char>('a' + method.arguments.size()));
    argument.kind = kind;
    argument.optional = !method.arguments.empty();
    method.arguments.push_back(argument);
  }
  return method;
}
