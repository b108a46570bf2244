#include "serving/list_binding.h"

#include <string>
#include <string_view>
#include <utility>

#include "codec/convert.h"
#include "serving/scalar_binding.h"

namespace flambeau {
namespace {

std::string_view DatatypeOf(ValueKind element) {
  switch (element) {
    case ValueKind::kBool:
      return "BOOL";
    case ValueKind::kInt:
      return "INT64";
    case ValueKind::kFloat:
      return "FP64 or FP32";
    default:
      return "BYTES";
  }
}

// Each element as a tensor of its own, for BindScalar.
Result<std::vector<Tensor>> Elements(const Tensor& tensor) {
  std::vector<Tensor> elements;
  if (tensor.dtype() == DType::kBytes) {
    FLAMBEAU_ASSIGN_OR_RETURN(const auto texts, BytesElements(tensor));
    for (const std::string_view text : texts) elements.push_back(BytesScalar(text));
    return elements;
  }
  for (int64_t i = 0; i < tensor.shape().front(); ++i) elements.push_back(tensor.Rows(i, 1));
  return elements;
}

}  // namespace

Result<Value> BindList(const ArgumentFact& argument, ValueKind element, const Value& value) {
  const Tensor* const tensor = value.tensor();
  // An empty array tells nothing of its elements, and is typed as numbers.
  const bool is_list = tensor != nullptr && tensor->shape().size() == 1;
  if (is_list && tensor->shape().front() == 0) return Value{ValueList{}};
  const bool is_text = is_list && tensor->dtype() == DType::kBytes;
  if (!is_list || is_text != (element == ValueKind::kString)) {
    return InvalidArgument("Input '" + argument.name + "' must be a list of " +
                           std::string(Name(element)) + ": a tensor of rank 1 and datatype " +
                           std::string(DatatypeOf(element)) + ".");
  }
  ArgumentFact scalar;
  scalar.name = argument.name;
  scalar.kind = element;
  ValueList list;
  FLAMBEAU_ASSIGN_OR_RETURN(std::vector<Tensor> elements, Elements(*tensor));
  list.items.reserve(elements.size());
  for (Tensor& part : elements) {
    FLAMBEAU_ASSIGN_OR_RETURN(Value item, BindScalar(scalar, Value{std::move(part)}));
    list.items.push_back(std::move(item));
  }
  return Value{std::move(list)};
}

}  // namespace flambeau
