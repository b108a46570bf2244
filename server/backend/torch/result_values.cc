#include "backend/torch/result_values.h"

#include <ATen/core/function_schema.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "codec/convert.h"

namespace flambeau {
namespace {

using c10::IValue;

bool MustCopy(const at::Tensor& tensor, const ResultMemory& memory) {
  if (memory.copy_all || !tensor.has_storage()) return true;
  const void* storage = tensor.storage().unsafeGetStorageImpl();
  return memory.model->count(storage) != 0 || memory.inputs->Wraps(tensor);
}

// Dense, row-major and in this process's memory.
at::Tensor Fetch(at::Tensor tensor, const ResultMemory& memory) {
  if (tensor.is_quantized()) tensor = tensor.dequantize();
  if (tensor.layout() != c10::kStrided) tensor = tensor.to_dense();
  tensor = tensor.resolve_conj().resolve_neg();
  if (!tensor.is_cpu()) {
    at::Tensor staged =
        at::empty(tensor.sizes(), at::TensorOptions(tensor.scalar_type()).pinned_memory(true));
    memory.in_transit->push_back(staged);
    staged.copy_(tensor, /*non_blocking=*/true);
    return staged;
  }
  if (!tensor.is_contiguous()) return tensor.contiguous();
  return MustCopy(tensor, memory) ? tensor.clone(at::MemoryFormat::Contiguous) : tensor;
}

Result<Value> TensorValue(const at::Tensor& result, const ResultMemory& memory) {
  if (!result.defined()) return Value{};
  const std::optional<DType> dtype =
      ToDType(result.is_quantized() ? at::kFloat : result.scalar_type());
  if (!dtype) {
    return Internal(std::string("The model's result has the datatype ") +
                    c10::toString(result.scalar_type()) + ", which no protocol here carries.");
  }
  auto owner = std::make_shared<const at::Tensor>(Fetch(result, memory));
  const auto sizes = owner->sizes();
  const auto* data = static_cast<const std::byte*>(owner->const_data_ptr());
  const size_t bytes = owner->nbytes();
  return Value{Tensor(*dtype, Shape(sizes.begin(), sizes.end()), std::move(owner), data, bytes)};
}

bool IsText(const IValue& list) {
  return list.toList().elementType()->kind() == c10::TypeKind::StringType;
}

// A list of strings is one BYTES tensor, as a request has it.
Value TextValue(c10::ArrayRef<IValue> list) {
  std::vector<std::string_view> elements;
  elements.reserve(list.size());
  for (const IValue& element : list) elements.push_back(element.toStringRef());
  return Value{BytesTensor(elements, {static_cast<int64_t>(list.size())})};
}

Result<std::string> KeyText(const IValue& key) {
  if (key.isString()) return key.toStringRef();
  if (key.isInt()) return std::to_string(key.toInt());
  return Internal("The model's result has dictionary keys that are neither str nor int.");
}

}  // namespace

Result<Value> ToValue(const IValue& result, const ResultMemory& memory) {
  if (result.isTensor()) return TensorValue(result.toTensor(), memory);
  if (result.isNone()) return Value{};
  if (result.isBool()) return Value{result.toBool()};
  if (result.isInt()) return Value{result.toInt()};
  if (result.isDouble()) return Value{result.toDouble()};
  if (result.isString()) return Value{result.toStringRef()};
  if (result.isList() && IsText(result)) return TextValue(result.toListRef());
  if (result.isList()) {
    ValueList list;
    for (const IValue& element : result.toListRef()) {
      FLAMBEAU_ASSIGN_OR_RETURN(Value value, ToValue(element, memory));
      list.items.push_back(std::move(value));
    }
    return Value{std::move(list)};
  }
  if (result.isTuple()) {
    ValueTuple tuple;
    for (const IValue& element : result.toTupleRef().elements()) {
      FLAMBEAU_ASSIGN_OR_RETURN(Value value, ToValue(element, memory));
      tuple.items.push_back(std::move(value));
    }
    const auto type = result.type()->expect<c10::TupleType>();
    if (type->schema()) {
      for (const auto& field : type->schema()->arguments()) tuple.names.push_back(field.name());
    }
    return Value{std::move(tuple)};
  }
  if (result.isGenericDict()) {
    ValueDict dict;
    for (const auto& entry : result.toGenericDict()) {
      FLAMBEAU_ASSIGN_OR_RETURN(std::string key, KeyText(entry.key()));
      FLAMBEAU_ASSIGN_OR_RETURN(Value value, ToValue(entry.value(), memory));
      dict.items.push_back({std::move(key), std::move(value)});
    }
    return Value{std::move(dict)};
  }
  return Internal("The model's result is of the type " + result.type()->annotation_str() +
                  ", which no protocol here carries.");
}

bool HasRows(const Value& value, int64_t rows) {
  if (const Tensor* tensor = value.tensor()) {
    return tensor->dtype() != DType::kBytes && !tensor->shape().empty() &&
           tensor->shape()[0] == rows;
  }
  const auto fits = [rows](const Value& element) { return HasRows(element, rows); };
  if (const auto* list = std::get_if<ValueList>(&value.data)) {
    return std::all_of(list->items.begin(), list->items.end(), fits);
  }
  if (const auto* tuple = std::get_if<ValueTuple>(&value.data)) {
    return std::all_of(tuple->items.begin(), tuple->items.end(), fits);
  }
  if (const auto* dict = std::get_if<ValueDict>(&value.data)) {
    return std::all_of(dict->items.begin(), dict->items.end(),
                       [&fits](const auto& entry) { return fits(entry.value); });
  }
  return true;
}

Value SliceRows(const Value& value, int64_t begin, int64_t count) {
  if (const Tensor* tensor = value.tensor()) return Value{tensor->Rows(begin, count)};
  if (const auto* list = std::get_if<ValueList>(&value.data)) {
    ValueList rows;
    for (const Value& element : list->items) rows.items.push_back(SliceRows(element, begin, count));
    return Value{std::move(rows)};
  }
  if (const auto* tuple = std::get_if<ValueTuple>(&value.data)) {
    ValueTuple rows;
    rows.names = tuple->names;
    for (const Value& element : tuple->items)
      rows.items.push_back(SliceRows(element, begin, count));
    return Value{std::move(rows)};
  }
  if (const auto* dict = std::get_if<ValueDict>(&value.data)) {
    ValueDict rows;
    for (const auto& [key, element] : dict->items) {
      rows.items.push_back({key, SliceRows(element, begin, count)});
    }
    return Value{std::move(rows)};
  }
  return value;
}

}  // namespace flambeau
