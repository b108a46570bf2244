#include "serving/binding.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "backend/fact_rules.h"
#include "serving/alias.h"
#include "serving/list_binding.h"
#include "serving/scalar_binding.h"

namespace flambeau {
namespace {

std::string Quote(std::string_view name) { return "'" + std::string(name) + "'"; }

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
  if (const auto index = FindByName(method, declaration, name)) return *index;
  const std::optional<size_t> index = AliasIndex(name, kInputAlias);
  if (index && *index < arguments.size()) return *index;
  return InvalidArgument("There is no input " + Quote(name) + "; " + ArgumentNames(method) + ".");
}

// ---- Tensors ------------------------------------------------------------------------------------

std::string DTypeList(const std::vector<DType>& dtypes) {
  std::string list;
  for (size_t i = 0; i < dtypes.size(); ++i) {
    if (i > 0) list += i + 1 == dtypes.size() ? " or " : ", ";
    list += Name(dtypes[i]);
  }
  return list;
}

Status CheckDType(const ArgumentFact& argument, const Tensor& tensor) {
  const std::vector<DType>& accepted = argument.tensor.accepted;
  if (!IsFirm(argument.tensor.dtype_source) || accepted.empty()) return OkStatus();
  if (std::find(accepted.begin(), accepted.end(), tensor.dtype()) != accepted.end()) {
    return OkStatus();
  }
  return InvalidArgument("Input " + Quote(argument.name) + " has datatype " +
                         std::string(Name(tensor.dtype())) + "; the model expects " +
                         DTypeList(accepted) + ".");
}

// "[-1,10]" as a sentence's end.
std::string Expected(const TensorFact& fact) {
  if (fact.any_rank) return "a last dimension of " + std::to_string(fact.dims->back());
  return ToString(*fact.dims) + ", where -1 is any size";
}

Status CheckDims(const ArgumentFact& argument, const Shape& shape) {
  const TensorFact& fact = argument.tensor;
  if (!IsFirm(fact.dims_source) || !fact.dims.has_value() || fact.dims->empty()) return OkStatus();
  const Shape& expected = *fact.dims;
  bool fits = fact.any_rank ? !shape.empty() : shape.size() == expected.size();
  if (fits && fact.any_rank) {
    fits = expected.back() < 0 || expected.back() == shape.back();
  }
  // Dimension 0 is the batch's, whatever the file's example had.
  const size_t first = fact.dims_source == FactSource::kDeclared ? 0 : 1;
  for (size_t i = first; fits && !fact.any_rank && i < shape.size(); ++i) {
    fits = expected[i] < 0 || expected[i] == shape[i];
  }
  if (fits) return OkStatus();
  return InvalidArgument("Input " + Quote(argument.name) + " has shape " + ToString(shape) +
                         "; the model expects " + Expected(fact) + ".");
}

template <typename T>
Status CheckRange(const ArgumentFact& argument, const Tensor& tensor, int64_t limit) {
  const std::byte* at = tensor.data();
  const size_t count = tensor.bytes() / sizeof(T);
  for (size_t i = 0; i < count; ++i, at += sizeof(T)) {
    T index;  // a view into a request's body may lie anywhere
    std::memcpy(&index, at, sizeof(T));
    if (index >= 0 && index < limit) continue;
    return InvalidArgument("Input " + Quote(argument.name) + " holds " + std::to_string(index) +
                           " at element " + std::to_string(i) + "; the model's table takes 0 to " +
                           std::to_string(limit - 1) + ".");
  }
  return OkStatus();
}

// Checked here since on an accelerator an index out of range ends the whole context.
Status CheckIndices(const ArgumentFact& argument, const Tensor& tensor) {
  if (!argument.tensor.index_limit.has_value()) return OkStatus();
  const int64_t limit = *argument.tensor.index_limit;
  switch (tensor.dtype()) {
    case DType::kInt64:
      return CheckRange<int64_t>(argument, tensor, limit);
    case DType::kInt32:
      return CheckRange<int32_t>(argument, tensor, limit);
    default:
      return OkStatus();
  }
}

Status CheckTensor(const ArgumentFact& argument, const Tensor& tensor) {
  FLAMBEAU_RETURN_IF_ERROR(CheckDType(argument, tensor));
  FLAMBEAU_RETURN_IF_ERROR(CheckDims(argument, tensor.shape()));
  return CheckIndices(argument, tensor);
}

Result<Value> BindOne(const ArgumentFact& argument, Value value) {
  if (value.is_none()) {
    if (argument.optional || argument.has_default) return value;
    return InvalidArgument("Input " + Quote(argument.name) + " must not be null.");
  }
  if (const auto element = ListElement(argument)) return BindList(argument, *element, value);
  if (argument.kind == ValueKind::kOther) {
    return Unimplemented("Input " + Quote(argument.name) + " is of type " + argument.type +
                         ", which cannot be sent yet.");
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
    FLAMBEAU_ASSIGN_OR_RETURN(const size_t index, FindArgument(method_, declaration_, input.name));
    const ArgumentFact& argument = method_.arguments[index];
    if (given_[index]) {
      return InvalidArgument("Input " + Quote(argument.name) + " is given twice; give it once.");
    }
    given_[index] = true;
    FLAMBEAU_ASSIGN_OR_RETURN(values_[index], BindOne(argument, std::move(input.value)));
    if (declaration_ == nullptr) return OkStatus();
    FLAMBEAU_ASSIGN_OR_RETURN(
        values_[index],
        ReshapeOne(declaration_->inputs()[index], argument.name, std::move(values_[index])));
    return OkStatus();
  }

  // After the inputs. Clients have parameters of their own, so what means no argument is no mistake.
  Status TakeParameter(NamedValue parameter) {
    const std::optional<size_t> index = FindByName(method_, declaration_, parameter.name);
    if (!index || given_[*index] || !ScalarDType(method_.arguments[*index].kind)) return OkStatus();
    given_[*index] = true;
    FLAMBEAU_ASSIGN_OR_RETURN(
        values_[*index], BindParameter(method_.arguments[*index], std::move(parameter.value)));
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
  const MethodFacts& method_;
  const Declaration* const declaration_;
  std::vector<Value> values_;
  std::vector<bool> given_;
};

}  // namespace

Result<std::vector<Value>> BindArguments(const MethodFacts& method, std::vector<NamedValue> inputs,
                                         const Declaration* declaration,
                                         std::vector<NamedValue> parameters) {
  Arguments given(method, declaration);
  for (NamedValue& input : inputs) FLAMBEAU_RETURN_IF_ERROR(given.Take(std::move(input)));
  for (NamedValue& parameter : parameters) {
    FLAMBEAU_RETURN_IF_ERROR(given.TakeParameter(std::move(parameter)));
  }
  FLAMBEAU_RETURN_IF_ERROR(given.CheckComplete());
  std::vector<Value> arguments = std::move(given).values();
  const auto most = declaration == nullptr ? std::nullopt : declaration->max_batch_size();
  if (most == 0) return arguments;  // dimension 0 is no batch
  FLAMBEAU_RETURN_IF_ERROR(CheckBatch(method, arguments));
  if (most) FLAMBEAU_RETURN_IF_ERROR(CheckRows(method, arguments, *most));
  return arguments;
}

}  // namespace flambeau
