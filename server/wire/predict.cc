#include "wire/predict.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "backend/fact_rules.h"
#include "codec/json_cursor.h"
#include "serving/binding.h"
#include "wire/argument.h"
#include "wire/parameters.h"

namespace flambeau {
namespace {

std::string ArgumentNames(const MethodFacts& signature) {
  std::string names;
  for (const ArgumentFact& argument : signature.arguments) {
    names += (names.empty() ? "" : ", ") + argument.name;
  }
  return names;
}

// The argument that "input" means: the only one, or the only one that must be given.
Result<const ArgumentFact*> LoneArgument(const MethodFacts& signature) {
  const std::vector<ArgumentFact>& arguments = signature.arguments;
  if (arguments.empty()) {
    return InvalidArgument(R"(the model takes no input: send {"inputs": {}})");
  }
  const auto is_required = [](const ArgumentFact& a) { return !a.optional && !a.has_default; };
  const auto required = std::count_if(arguments.begin(), arguments.end(), is_required);
  if (required > 1) {
    return InvalidArgument("the model takes " + std::to_string(arguments.size()) + " arguments (" +
                           ArgumentNames(signature) +
                           R"(): send "inputs" with an object of them by name)");
  }
  if (required == 0) return &arguments.front();
  return &*std::find_if(arguments.begin(), arguments.end(), is_required);
}

// A name that is no argument's may be that of a part; what binds the arguments tells, and names
// those that there are.
Result<Value> DecodeUnnamed(JsonCursor* cursor) {
  FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, cursor->Kind());
  if (kind == JsonKind::kNull || kind == JsonKind::kObject) {
    FLAMBEAU_RETURN_IF_ERROR(cursor->Skip());
    return Value{};
  }
  const std::string field = cursor->Path();
  FLAMBEAU_ASSIGN_OR_RETURN(const std::string_view raw, cursor->TakeRaw());
  return AsValue(ParseTensor({raw}, std::nullopt, std::nullopt, field));
}

Status DecodeInputs(JsonCursor* cursor, const MethodFacts& signature,
                    const Declaration* declaration, InferRequest* request) {
  FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, cursor->Kind());
  if (kind != JsonKind::kObject) {
    return InvalidArgument(
        R"(inputs must be an object of arguments by name; for a model of one argument send "input")");
  }
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterObject());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextKey());
    if (!more) return OkStatus();
    const std::string name = cursor->key();
    const std::optional<size_t> argument = ArgumentOf(signature, declaration, name);
    Result<Value> value =
        argument ? DecodeArgument(cursor, signature.arguments[*argument]) : DecodeUnnamed(cursor);
    FLAMBEAU_RETURN_IF_ERROR(value.status());
    request->inputs.push_back({name, *std::move(value)});
  }
}

Status DecodeLoneInput(JsonCursor* cursor, const MethodFacts& signature, InferRequest* request) {
  FLAMBEAU_ASSIGN_OR_RETURN(const ArgumentFact* argument, LoneArgument(signature));
  FLAMBEAU_ASSIGN_OR_RETURN(Value value, DecodeArgument(cursor, *argument));
  request->inputs.push_back({argument->name, std::move(value)});
  return OkStatus();
}

Status DecodeParameter(JsonCursor* cursor, const MethodFacts& signature, InferRequest* request) {
  std::string name = cursor->key();
  if (name == "timeout") {
    FLAMBEAU_ASSIGN_OR_RETURN(request->timeout_us, DecodeTimeout(cursor));
    return OkStatus();
  }
  if (name == "priority") {
    FLAMBEAU_ASSIGN_OR_RETURN(request->priority, TakeCount(cursor));
    return OkStatus();
  }
  const auto is_meant = [&](const ArgumentFact& argument) {
    return argument.name == name && ScalarDType(argument.kind).has_value();
  };
  const std::vector<ArgumentFact>& arguments = signature.arguments;
  if (std::none_of(arguments.begin(), arguments.end(), is_meant)) {
    return InvalidArgument(cursor->Path() +
                           " is not known: there are timeout, priority and the model's bool, int, "
                           "float and str arguments");
  }
  FLAMBEAU_ASSIGN_OR_RETURN(Value value, TakeParameter(cursor));
  request->parameters.push_back({std::move(name), std::move(value)});
  return OkStatus();
}

Status DecodeParameters(JsonCursor* cursor, const MethodFacts& signature, InferRequest* request) {
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterObject());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextKey());
    if (!more) return OkStatus();
    FLAMBEAU_RETURN_IF_ERROR(DecodeParameter(cursor, signature, request));
  }
}

// What is at the cursor, after its key.
Status DecodeMember(JsonCursor* cursor, const MethodFacts& signature,
                    const Declaration* declaration, InferRequest* request) {
  const std::string& key = cursor->key();
  if (key == "input") return DecodeLoneInput(cursor, signature, request);
  if (key == "inputs") return DecodeInputs(cursor, signature, declaration, request);
  if (key == "parameters") return DecodeParameters(cursor, signature, request);
  if (key == "id") {
    FLAMBEAU_ASSIGN_OR_RETURN(request->id, cursor->TakeString());
    return OkStatus();
  }
  return InvalidArgument("the key " + cursor->Path() +
                         R"( is not known: send "input", or "inputs" for several arguments)");
}

struct Encoder {
  std::string* out;

  Status operator()(const None&) const { return Append("null"); }
  Status operator()(bool flag) const { return Append(flag ? "true" : "false"); }
  Status operator()(int64_t number) const { return Append(std::to_string(number)); }
  Status operator()(double number) const {
    AppendNumber(number, out);
    return OkStatus();
  }
  Status operator()(const std::string& text) const {
    if (!IsUtf8(text)) {
      return InvalidArgument("the result has a string that is not UTF-8, which JSON cannot carry");
    }
    AppendString(text, out);
    return OkStatus();
  }
  Status operator()(const Tensor& tensor) const { return AppendNested(tensor, out); }
  Status operator()(const ValueList& list) const { return AppendArray(list.items); }
  Status operator()(const ValueTuple& tuple) const {
    if (tuple.names.size() != tuple.items.size() || tuple.items.empty()) {
      return AppendArray(tuple.items);
    }
    for (size_t i = 0; i < tuple.items.size(); ++i) {
      FLAMBEAU_RETURN_IF_ERROR(AppendMember(i, tuple.names[i], tuple.items[i]));
    }
    return Append("}");
  }
  Status operator()(const ValueDict& dict) const {
    for (size_t i = 0; i < dict.items.size(); ++i) {
      FLAMBEAU_RETURN_IF_ERROR(AppendMember(i, dict.items[i].key, dict.items[i].value));
    }
    return Append(dict.items.empty() ? "{}" : "}");
  }

 private:
  Status Append(std::string_view text) const {
    *out += text;
    return OkStatus();
  }
  Status AppendMember(size_t index, std::string_view name, const Value& value) const {
    *out += index == 0 ? '{' : ',';
    AppendString(name, out);
    *out += ':';
    return std::visit(*this, value.data);
  }
  Status AppendArray(const std::vector<Value>& items) const {
    *out += '[';
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) *out += ',';
      FLAMBEAU_RETURN_IF_ERROR(std::visit(*this, items[i].data));
    }
    return Append("]");
  }
};

// What a configuration declares of the outputs is what the answer has: their names and shapes.
Status AppendDeclared(const std::vector<NamedTensor>& outputs, std::string* out) {
  if (outputs.size() == 1) {
    *out += R"({"output":)";
    return AppendNested(outputs.front().tensor, out);
  }
  *out += R"({"outputs":{)";
  for (const NamedTensor& output : outputs) {
    if (&output != &outputs.front()) *out += ',';
    AppendString(output.name, out);
    *out += ':';
    FLAMBEAU_RETURN_IF_ERROR(AppendNested(output.tensor, out));
  }
  *out += '}';
  return OkStatus();
}

bool IsSeveral(const Value& value) {
  return std::holds_alternative<ValueTuple>(value.data) ||
         std::holds_alternative<ValueList>(value.data) ||
         std::holds_alternative<ValueDict>(value.data);
}

}  // namespace

Result<InferRequest> DecodePredict(PaddedJson body, const MethodFacts& signature,
                                   const Declaration* declaration) {
  constexpr std::string_view kExample = R"(a JSON object such as {"input": [[1.0, 2.0]]})";
  JsonCursor cursor(body.text);
  FLAMBEAU_RETURN_IF_ERROR(EnterBody(&cursor, body.text, kExample));
  InferRequest request;
  bool has_input = false;
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor.NextKey());
    if (!more) break;
    if (cursor.key() == "input" || cursor.key() == "inputs") {
      if (has_input) return InvalidArgument(R"(the body has both "input" and "inputs": send one)");
      has_input = true;
    }
    FLAMBEAU_RETURN_IF_ERROR(DecodeMember(&cursor, signature, declaration, &request));
  }
  FLAMBEAU_RETURN_IF_ERROR(cursor.Finish());
  if (!has_input) {
    return InvalidArgument(R"(the body has no "input": send )" + std::string(kExample));
  }
  return request;
}

Result<std::string> EncodePredict(const InferResult& result) {
  std::string out;
  if (result.declared_outputs) {
    FLAMBEAU_RETURN_IF_ERROR(AppendDeclared(result.outputs, &out));
  } else {
    out += IsSeveral(result.value) ? R"({"outputs":)" : R"({"output":)";
    FLAMBEAU_RETURN_IF_ERROR(std::visit(Encoder{&out}, result.value.data));
  }
  if (!result.id.empty()) {
    out += R"(,"id":)";
    AppendString(result.id, &out);
  }
  out += '}';
  return out;
}

}  // namespace flambeau
