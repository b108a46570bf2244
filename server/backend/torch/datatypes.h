// What operators do to datatypes: which they promote, which they refuse. From trying LibTorch.
#pragma once

#include <c10/core/ScalarType.h>

#include <array>
#include <optional>
#include <string_view>

#include "tensor/dtype.h"

namespace flambeau {

inline constexpr size_t kCandidates = 13;  // all of DType but BYTES
DType Candidate(size_t index);

// One datatype after some operators.
struct AfterType {
  enum class State { kKnown, kUnknown, kFails };
  State state = State::kUnknown;
  c10::ScalarType type = c10::ScalarType::Undefined;

  static AfterType Known(c10::ScalarType type) { return {State::kKnown, type}; }
  static AfterType Unknown() { return {}; }
  static AfterType Fails() { return {State::kFails, c10::ScalarType::Undefined}; }
  bool operator==(const AfterType&) const = default;
};

// For each candidate datatype of an argument, what it has become at some value.
using TypeFlow = std::array<AfterType, kCandidates>;
TypeFlow InitialTypes();

enum class UnaryTypes {
  kKeeps,      // any datatype, unchanged
  kPromotes,   // integers become the default float
  kFloatOnly,  // integers fail
  kNumbers,    // bool and wide unsigned fail, the rest is unchanged
};
std::optional<UnaryTypes> UnaryTypesOf(std::string_view op);  // "aten::relu"

TypeFlow Apply(UnaryTypes rule, const TypeFlow& types);
TypeFlow Cast(const TypeFlow& types, c10::ScalarType to);
// x op number, number op x, and x op a constant tensor of rank >= 1. `divides`: integers become
// floats.
TypeFlow WithScalar(const TypeFlow& types, bool scalar_is_float, bool divides);
TypeFlow WithTensor(const TypeFlow& types, c10::ScalarType other, bool divides);
TypeFlow Unknown(const TypeFlow& types);
// Subtraction refuses bool.
TypeFlow WithoutBool(const TypeFlow& types);

}  // namespace flambeau
