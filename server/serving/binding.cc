#include "serving/binding.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "backend/argument_parts.h"
#include "backend/fact_rules.h"
#include "base/sentence.h"
#include "serving/alias.h"
#include "serving/input_parts.h"
#include "serving/list_binding.h"
#include "serving/scalar_binding.h"
#include "serving/tensor_check.h"

namespace flambeau {
namespace {

std::string ArgumentNames(const MethodFacts& method) {
  if (method.arguments.empty()) return "the model takes none";
  std::string list =
      method.arguments.size() == 1 ? "the model's input is " : "the model's inputs are ";
  for (size_t i = 0; i < method.arguments.size(); ++i) {
    if (i > 0) list += i + 1 == method.arguments.size() ? " and " : ", ";
    list += Quote(method.arguments[i].name);
  }
  return list;
}

// The argument of that name, the model's own or a declared one.
std::optional<size_t> FindByName(const MethodFacts& method, const Declaration* declaration,
                                 std::string_view name) {
  for (size_t i = 0; i < method.arguments.size(); ++i) {
    if (method.arguments[i].name == name) return i;
  }
  return declaration == nullptr ? std::nullopt : declaration->FindInput(name);
}

// The list, dict or tuple that an input of that name is a part of: "pair[0]", "batch.ids".
std::optional<size_t> FindWhole(const MethodFacts& method, const Declaration* declaration,
                                std::string_view name) {
  const size_t end = name.find_first_of(".[");
  if (end == std::string_view::npos || FindByName(method, declaration, name)) return std::nullopt;
  const std::string_view root = name.substr(0, end);
  auto index = FindByName(method, declaration, root);
  if (!index) index = AliasIndex(root, kInputAlias);
  const bool is_whole =
      index && *index < method.arguments.size() && IsNested(method.arguments[*index]);
  return is_whole ? index : std::nullopt;
}

// Which argument an input's name means.
Result<size_t> FindArgument(const MethodFacts& method, const Declaration* declaration,
                            const std::string& name) {
  const std::vector<ArgumentFact>& arguments = method.arguments;
  if (name.empty()) {
    const auto is_tensor = [](const ArgumentFact& a) { return a.kind == ValueKind::kTensor; };
    if (std::count_if(arguments.begin(), arguments.end(), is_tensor) == 1) {
      return std::find_if(arguments.begin(), arguments.end(), is_tensor) - arguments.begin();
    }
    return InvalidArgument("Give each input by name, since " + ArgumentNames(method) + ".");
  }
  if (const auto index = ArgumentOf(method, declaration, name)) return *index;
  return InvalidArgument("There is no input " + Quote(name) + "; " + ArgumentNames(method) + ".");
}

Result<Value> BindOne(const ArgumentFact& argument, Value value);

Status BindItems(const ArgumentFact& argument, std::vector<Value>* items) {
  const bool each = argument.kind == ValueKind::kTuple;
  for (size_t i = 0; i < items->size(); ++i) {
    ArgumentFact element = argument.elements[each ? i : 0];
    element.name = ItemName(argument, i);
    FLAMBEAU_ASSIGN_OR_RETURN((*items)[i], BindOne(element, std::move((*items)[i])));
  }
  return OkStatus();
}

// A list, dict or tuple, whose elements are as they were sent.
Result<Value> BindNested(const ArgumentFact& argument, Value value) {
  if (auto* list = std::get_if<ValueList>(&value.data); list && argument.kind == ValueKind::kList) {
    FLAMBEAU_RETURN_IF_ERROR(BindItems(argument, &list->items));
    return value;
  }
  if (auto* tuple = std::get_if<ValueTuple>(&value.data);
      tuple && argument.kind == ValueKind::kTuple &&
      tuple->items.size() == argument.elements.size()) {
    FLAMBEAU_RETURN_IF_ERROR(BindItems(argument, &tuple->items));
    return value;
  }
  if (auto* dict = std::get_if<ValueDict>(&value.data); dict && argument.kind == ValueKind::kDict) {
    for (ValueEntry& entry : dict->items) {
      ArgumentFact element = argument.elements.front();
      element.name = argument.name + "." + entry.key;
      FLAMBEAU_ASSIGN_OR_RETURN(entry.value, BindOne(element, std::move(entry.value)));
    }
    return value;
  }
  // A list or dict without parts: an array without elements, which the protocols can carry.
  if (const Tensor* tensor = value.tensor(); tensor != nullptr && tensor->shape() == Shape{0}) {
    if (argument.kind == ValueKind::kList) return Value{ValueList{}};
    if (argument.kind == ValueKind::kDict) return Value{ValueDict{}};
  }
  return InvalidArgument("Input " + Quote(argument.name) + " is of type " + argument.type +
                         ": send " + PartNames(argument) + ".");
}

Result<Value> BindOne(const ArgumentFact& argument, Value value) {
  if (value.is_none()) {
    if (argument.optional || argument.has_default) return value;
    return InvalidArgument("Input " + Quote(argument.name) + " must not be null.");
  }
  if (const auto element = ListElement(argument)) return BindList(argument, *element, value);
  if (IsNested(argument)) return BindNested(argument, std::move(value));
  if (argument.kind == ValueKind::kOther) {
    return Unimplemented("Input " + Quote(argument.name) + " is of type " + argument.type +
                         ", which no protocol carries.");
  }
  if (argument.kind != ValueKind::kTensor) return BindScalar(argument, std::move(value));
  const Tensor* tensor = value.tensor();
  if (tensor == nullptr) {
    return InvalidArgument("Input " + Quote(argument.name) + " must be a tensor.");
  }
  FLAMBEAU_RETURN_IF_ERROR(CheckTensor(argument, *tensor));
  return value;
}

// The tensor in the shape that the model takes.
Result<Value> ReshapeOne(const DeclaredInput& declared, const std::string& name, Value value) {
  const Tensor* tensor = value.tensor();
  if (!declared.reshape || tensor == nullptr) return value;
  std::optional<Shape> shape = Reshape(*declared.reshape, tensor->shape());
  if (!shape) {
    return InvalidArgument("Input " + Quote(name) + " has shape " + ToString(tensor->shape()) +
                           "; the model expects " + ToString(declared.reshape->from) + ".");
  }
  return Value{tensor->Reshaped(*std::move(shape))};
}

// Larger requests than a declared max_batch_size are refused, as Triton does.
Status CheckRows(const MethodFacts& method, const std::vector<Value>& arguments, int64_t most) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Tensor* tensor = arguments[i].tensor();
    if (tensor == nullptr || method.arguments[i].kind != ValueKind::kTensor) continue;
    if (tensor->shape().empty() || tensor->shape().front() <= most) continue;
    return InvalidArgument("Input " + Quote(method.arguments[i].name) + " has a batch of " +
                           std::to_string(tensor->shape().front()) +
                           " rows; the model's max_batch_size is " + std::to_string(most) +
                           ": send it in parts.");
  }
  return OkStatus();
}

// Arguments that are declared to have a batch dimension must agree on its size; undeclared ones run
// alone, as the model takes them.
Status CheckBatch(const MethodFacts& method, const std::vector<Value>& arguments) {
  const std::string* first = nullptr;
  int64_t rows = 0;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const TensorFact& fact = method.arguments[i].tensor;
    const Tensor* tensor = arguments[i].tensor();
    if (tensor == nullptr || tensor->shape().empty() || !fact.dims.has_value() ||
        fact.dims_source != FactSource::kDeclared || fact.dims->empty() ||
        fact.dims->front() != -1) {
      continue;
    }
    if (first == nullptr) {
      first = &method.arguments[i].name;
      rows = tensor->shape().front();
    } else if (tensor->shape().front() != rows) {
      return InvalidArgument("Inputs " + Quote(*first) + " and " + Quote(method.arguments[i].name) +
                             " have batch sizes " + std::to_string(rows) + " and " +
                             std::to_string(tensor->shape().front()) + "; they must be equal.");
    }
  }
  return OkStatus();
}

// The arguments of one call, filled in as they come.
class Arguments {
 public:
  Arguments(const MethodFacts& method, const Declaration* declaration)
      : method_(method),
        declaration_(declaration),
        values_(method.arguments.size()),
        given_(method.arguments.size(), false) {}

  Status Take(NamedValue input) {
    if (const auto whole = FindWhole(method_, declaration_, input.name)) {
      parts_[*whole].push_back(std::move(input));
      return OkStatus();
    }
    FLAMBEAU_ASSIGN_OR_RETURN(const size_t index, FindArgument(method_, declaration_, input.name));
    return Bind(index, std::move(input.value));
  }

  // The lists, dicts and tuples that came in parts.
  Status JoinParts() {
    for (auto& [index, parts] : parts_) {
      FLAMBEAU_ASSIGN_OR_RETURN(Value value, JoinInput(method_.arguments[index], std::move(parts)));
      FLAMBEAU_RETURN_IF_ERROR(Bind(index, std::move(value)));
    }
    return OkStatus();
  }

  // After the inputs. Clients have parameters of their own, so what means no argument is no
  // mistake.
  Status TakeParameter(NamedValue parameter) {
    const std::optional<size_t> index = FindByName(method_, declaration_, parameter.name);
    if (!index || given_[*index] || !ScalarDType(method_.arguments[*index].kind)) return OkStatus();
    given_[*index] = true;
    FLAMBEAU_ASSIGN_OR_RETURN(values_[*index],
                              BindParameter(method_.arguments[*index], std::move(parameter.value)));
    return OkStatus();
  }

  Status CheckComplete() const {
    for (size_t i = 0; i < given_.size(); ++i) {
      const ArgumentFact& argument = method_.arguments[i];
      if (given_[i] || argument.optional || argument.has_default) continue;
      return InvalidArgument("Input " + Quote(argument.name) + " is missing; " +
                             ArgumentNames(method_) + ".");
    }
    return OkStatus();
  }

  std::vector<Value> values() && { return std::move(values_); }

 private:
  Status Bind(size_t index, Value value) {
    const ArgumentFact& argument = method_.arguments[index];
    if (given_[index]) {
      return InvalidArgument("Input " + Quote(argument.name) + " is given twice; give it once.");
    }
    given_[index] = true;
    FLAMBEAU_ASSIGN_OR_RETURN(values_[index], BindOne(argument, std::move(value)));
    if (declaration_ == nullptr) return OkStatus();
    FLAMBEAU_ASSIGN_OR_RETURN(values_[index], ReshapeOne(declaration_->inputs()[index],
                                                         argument.name, std::move(values_[index])));
    return OkStatus();
  }

  const MethodFacts& method_;
  const Declaration* const declaration_;
  std::map<size_t, std::vector<NamedValue>> parts_;  // by argument
  std::vector<Value> values_;
  std::vector<bool> given_;
};

}  // namespace

std::optional<size_t> ArgumentOf(const MethodFacts& method, const Declaration* declaration,
                                 std::string_view name) {
  if (const auto index = FindByName(method, declaration, name)) return index;
  const std::optional<size_t> index = AliasIndex(name, kInputAlias);
  return index && *index < method.arguments.size() ? index : std::nullopt;
}

Result<std::vector<Value>> BindArguments(const MethodFacts& method, std::vector<NamedValue> inputs,
                                         const Declaration* declaration,
                                         std::vector<NamedValue> parameters) {
  Arguments given(method, declaration);
  for (NamedValue& input : inputs) FLAMBEAU_RETURN_IF_ERROR(given.Take(std::move(input)));
  for (NamedValue& parameter : parameters) {
    FLAMBEAU_RETURN_IF_ERROR(given.TakeParameter(std::move(parameter)));
  }
  FLAMBEAU_RETURN_IF_ERROR(given.JoinParts());
  FLAMBEAU_RETURN_IF_ERROR(given.CheckComplete());
  std::vector<Value> arguments = std::move(given).values();
  const auto most = declaration == nullptr ? std::nullopt : declaration->max_batch_size();
  if (most == 0) return arguments;  // dimension 0 is no batch
  FLAMBEAU_RETURN_IF_ERROR(CheckBatch(method, arguments));
  if (most) FLAMBEAU_RETURN_IF_ERROR(CheckRows(method, arguments, *most));
  return arguments;
}

}  // namespace flambeau
