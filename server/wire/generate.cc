#include "wire/generate.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "codec/json_cursor.h"
#include "serving/alias.h"
#include "wire/argument.h"
#include "wire/infer_internal.h"
#include "wire/parameters.h"

namespace flambeau {
namespace {

// By its own name, or as INPUT__<index>; null if the key means no input.
const ArgumentFact* FindInput(const MethodFacts& signature, std::string_view key) {
  for (const ArgumentFact& argument : signature.arguments) {
    if (argument.name == key) return &argument;
  }
  const std::optional<size_t> index = AliasIndex(key, kInputAlias);
  return index && *index < signature.arguments.size() ? &signature.arguments[*index] : nullptr;
}

// A model whose input has a batch dimension and another one gets a batch of one, as with Triton.
Shape GeneratedShape(const Shape& sent, const TensorFact& fact) {
  if (sent.size() > 1) return sent;
  const int64_t count = sent.empty() ? 1 : sent.front();
  if (fact.dims.has_value() && fact.dims->size() == 2) return {1, count};
  return {count};
}

Status DecodeInput(JsonCursor* cursor, const ArgumentFact& argument, InferRequest* request) {
  const auto is_same = [&](const NamedValue& other) { return other.name == argument.name; };
  if (std::any_of(request->inputs.begin(), request->inputs.end(), is_same)) {
    return InvalidArgument("Input '" + argument.name + "' is given twice; give it once.");
  }
  FLAMBEAU_ASSIGN_OR_RETURN(Value value, DecodeArgument(cursor, argument));
  if (const Tensor* tensor = value.tensor()) {
    value = Value{tensor->Reshaped(GeneratedShape(tensor->shape(), argument.tensor))};
  }
  request->inputs.push_back({argument.name, std::move(value)});
  return OkStatus();
}

Status DecodeMember(JsonCursor* cursor, const MethodFacts& signature, InferRequest* request) {
  const std::string& key = cursor->key();
  if (const ArgumentFact* argument = FindInput(signature, key)) {
    return DecodeInput(cursor, *argument, request);
  }
  if (key == "id") {
    FLAMBEAU_ASSIGN_OR_RETURN(request->id, cursor->TakeString());
    return OkStatus();
  }
  if (key == "timeout") {
    FLAMBEAU_ASSIGN_OR_RETURN(request->timeout_us, DecodeTimeout(cursor));
    return OkStatus();
  }
  if (key == "priority") {
    FLAMBEAU_ASSIGN_OR_RETURN(const int64_t priority, TakeCount(cursor));
    request->priority = static_cast<uint64_t>(priority);
    return OkStatus();
  }
  return SkipParameter(cursor);
}

Status DecodeParameters(JsonCursor* cursor, const MethodFacts& signature, InferRequest* request) {
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterObject());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextKey());
    if (!more) return OkStatus();
    FLAMBEAU_RETURN_IF_ERROR(DecodeMember(cursor, signature, request));
  }
}

}  // namespace

Result<InferRequest> DecodeGenerate(PaddedJson body, const MethodFacts& signature) {
  JsonCursor cursor(body.text);
  FLAMBEAU_RETURN_IF_ERROR(EnterBody(&cursor, body.text, "a JSON object of the model's inputs"));
  InferRequest request;
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor.NextKey());
    if (!more) break;
    const bool is_group =
        cursor.key() == "parameters" && FindInput(signature, "parameters") == nullptr;
    FLAMBEAU_RETURN_IF_ERROR(is_group ? DecodeParameters(&cursor, signature, &request)
                                      : DecodeMember(&cursor, signature, &request));
  }
  FLAMBEAU_RETURN_IF_ERROR(cursor.Finish());
  return request;
}

Result<std::string> EncodeGenerate(const InferResult& result) {
  std::string out;
  BeginAnswer(result, &out);
  for (const NamedTensor& output : result.outputs) {
    out += ',';
    AppendString(output.name, &out);
    out += ':';
    const Tensor& tensor = output.tensor;
    const bool is_single = ElementCount(tensor.shape()) == 1;
    FLAMBEAU_RETURN_IF_ERROR(is_single ? AppendNested(tensor.Reshaped({}), &out)
                                       : AppendFlat(tensor, &out));
  }
  return out + '}';
}

}  // namespace flambeau
