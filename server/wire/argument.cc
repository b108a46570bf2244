#include "wire/argument.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "backend/fact_rules.h"
#include "codec/json_numbers.h"
#include "serving/list_binding.h"

namespace flambeau {
namespace {

// As the signature's datatype if the model or its file tells it, else as torch.tensor would type
// it: what was merely observed must not change what a request means. Where the text does not fit
// the datatype shown, another that is accepted will do.
Result<Tensor> DecodeTensor(PaddedJson json, const TensorFact& fact, std::string_view field) {
  if (!fact.dtype || !IsFirm(fact.dtype_source)) {
    return ParseTensor(json, std::nullopt, std::nullopt, field);
  }
  Result<Tensor> wanted = ParseTensor(json, fact.dtype, std::nullopt, field);
  if (wanted.ok()) return wanted;
  const auto accepts = [&](DType dtype) {
    return fact.accepted.empty() ||
           std::find(fact.accepted.begin(), fact.accepted.end(), dtype) != fact.accepted.end();
  };
  Result<Tensor> natural = ParseTensor(json, std::nullopt, std::nullopt, field);
  return natural.ok() && accepts(natural->dtype()) ? natural : wanted;
}

Result<Value> DecodeNull(JsonCursor* cursor, const ArgumentFact& argument) {
  if (argument.optional) {
    FLAMBEAU_RETURN_IF_ERROR(cursor->Skip());
    return Value{};
  }
  return InvalidArgument(
      cursor->Path() + " is null but its type is " + argument.type +
      (argument.has_default ? ": leave it out to get its default" : ": send a value"));
}

}  // namespace

Result<Value> DecodeArgument(JsonCursor* cursor, const ArgumentFact& argument) {
  FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, cursor->Kind());
  if (kind == JsonKind::kNull) return DecodeNull(cursor, argument);
  switch (argument.kind) {
    case ValueKind::kBool:
      return AsValue(cursor->TakeBool());
    case ValueKind::kInt:
      return AsValue(cursor->TakeInt64());
    case ValueKind::kFloat:
      return AsValue(cursor->TakeDouble());
    case ValueKind::kString:
      return AsValue(cursor->TakeString());
    case ValueKind::kOther:
      if (ListElement(argument)) break;
      return InvalidArgument(
          cursor->Path() + " has the type " + argument.type +
          ", which is not supported: tensors, bool, int, float, str and lists of these "
          "four are");
    case ValueKind::kTensor:
      break;
  }
  const std::string field = cursor->Path();
  FLAMBEAU_ASSIGN_OR_RETURN(const std::string_view raw, cursor->TakeRaw());
  return AsValue(DecodeTensor({raw}, argument.tensor, field));
}

}  // namespace flambeau
