#include "wire/argument.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/argument_parts.h"
#include "backend/fact_rules.h"
#include "codec/json_numbers.h"

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

Result<Value> DecodeList(JsonCursor* cursor, const ArgumentFact& argument) {
  ValueList list;
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterArray());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextElement());
    if (!more) return Value{std::move(list)};
    FLAMBEAU_ASSIGN_OR_RETURN(Value item, DecodeArgument(cursor, argument.elements[0]));
    list.items.push_back(std::move(item));
  }
}

Result<Value> DecodeDict(JsonCursor* cursor, const ArgumentFact& argument) {
  ValueDict dict;
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterObject());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextKey());
    if (!more) return Value{std::move(dict)};
    std::string key = cursor->key();
    FLAMBEAU_ASSIGN_OR_RETURN(Value value, DecodeArgument(cursor, argument.elements[0]));
    dict.items.push_back({std::move(key), std::move(value)});
  }
}

Result<Value> DecodeTuple(JsonCursor* cursor, const ArgumentFact& argument) {
  const std::string path = cursor->Path();
  ValueTuple tuple;
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterArray());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextElement());
    if (more != (tuple.items.size() < argument.elements.size())) {
      return InvalidArgument(path + " must have " + std::to_string(argument.elements.size()) +
                             " elements, as its type is " + argument.type);
    }
    if (!more) return Value{std::move(tuple)};
    const ArgumentFact& element = argument.elements[tuple.items.size()];
    FLAMBEAU_ASSIGN_OR_RETURN(Value item, DecodeArgument(cursor, element));
    tuple.items.push_back(std::move(item));
  }
}

// A NamedTuple as an object; a field that is an Optional may be left out.
Result<Value> DecodeFields(JsonCursor* cursor, const ArgumentFact& argument) {
  const std::string path = cursor->Path();
  const std::vector<ArgumentFact>& fields = argument.elements;
  ValueTuple tuple;
  tuple.items.resize(fields.size());
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterObject());
  std::vector<bool> given(fields.size(), false);
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextKey());
    if (!more) break;
    const auto field = std::find_if(fields.begin(), fields.end(), [&](const ArgumentFact& fact) {
      return fact.name == cursor->key();
    });
    if (field == fields.end()) {
      return InvalidArgument(cursor->Path() + " is no field of " + argument.type);
    }
    const auto i = static_cast<size_t>(field - fields.begin());
    FLAMBEAU_ASSIGN_OR_RETURN(tuple.items[i], DecodeArgument(cursor, *field));
    given[i] = true;
  }
  for (size_t i = 0; i < fields.size(); ++i) {
    tuple.names.push_back(fields[i].name);
    if (given[i] || fields[i].optional) continue;
    return InvalidArgument(path + " has no " + fields[i].name + ": send every field of " +
                           argument.type);
  }
  return Value{std::move(tuple)};
}

Result<Value> DecodeNested(JsonCursor* cursor, const ArgumentFact& argument, JsonKind kind) {
  if (argument.kind == ValueKind::kList) return DecodeList(cursor, argument);
  if (argument.kind == ValueKind::kDict) return DecodeDict(cursor, argument);
  const bool by_name = kind == JsonKind::kObject && !argument.elements[0].name.empty();
  return by_name ? DecodeFields(cursor, argument) : DecodeTuple(cursor, argument);
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
      return InvalidArgument(cursor->Path() + " has the type " + argument.type +
                             ", which is not supported: tensors, bool, int, float, str, and lists, "
                             "tuples and dicts (by str) of them are");
    case ValueKind::kList:
    case ValueKind::kDict:
    case ValueKind::kTuple:
      if (IsNested(argument)) return DecodeNested(cursor, argument, kind);
      break;
    case ValueKind::kTensor:
      break;
  }
  const std::string field = cursor->Path();
  FLAMBEAU_ASSIGN_OR_RETURN(const std::string_view raw, cursor->TakeRaw());
  return AsValue(DecodeTensor({raw}, argument.tensor, field));
}

}  // namespace flambeau
