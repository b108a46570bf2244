#include "backend/torch/convert.h"

#include <ATen/core/function_schema.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/scalar_tensor.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "base/checked.h"

namespace flambeau {
namespace {

using c10::IValue;
using Parts = std::span<const Value* const>;

c10::IntArrayRef Dims(const Shape& shape) { return {shape.data(), shape.size()}; }

bool IsAligned(const Tensor& tensor) {
  const size_t size = std::max<size_t>(ItemSize(tensor.dtype()), 1);
  return reinterpret_cast<uintptr_t>(tensor.data()) % size == 0;
}

// The one element of a tensor that stands for a scalar or a string.
std::optional<Value> LoneElement(const Tensor& tensor) {
  if (tensor.dtype() == DType::kBytes) {
    uint32_t length = 0;
    if (tensor.bytes() < sizeof(length)) return std::nullopt;
    std::memcpy(&length, tensor.data(), sizeof(length));
    if (tensor.bytes() - sizeof(length) != length) return std::nullopt;
    const char* text = reinterpret_cast<const char*>(tensor.data()) + sizeof(length);
    return Value{std::string(text, length)};
  }
  if (ElementCount(tensor.shape()) != 1 || tensor.bytes() != ItemSize(tensor.dtype())) {
    return std::nullopt;
  }
  at::Tensor element = at::empty({}, ToScalarType(tensor.dtype()));
  std::memcpy(element.mutable_data_ptr(), tensor.data(), tensor.bytes());
  if (tensor.dtype() == DType::kBool) return Value{element.item<bool>()};
  if (IsFloat(tensor.dtype())) return Value{element.item<double>()};
  return Value{element.item<int64_t>()};
}

const Value& Scalar(const Value& value, std::optional<Value>& storage) {
  if (const Tensor* tensor = value.tensor()) {
    storage = LoneElement(*tensor);
    if (storage) return *storage;
  }
  return value;
}

std::optional<double> AsDouble(const Value& value) {
  if (const double* number = std::get_if<double>(&value.data)) return *number;
  if (const int64_t* number = std::get_if<int64_t>(&value.data))
    return static_cast<double>(*number);
  return std::nullopt;
}

// bool, int, float, str, Number; nothing if `value` is of another kind.
std::optional<IValue> AsScalar(c10::TypeKind kind, const Value& original) {
  std::optional<Value> storage;
  const Value& value = Scalar(original, storage);
  switch (kind) {
    case c10::TypeKind::BoolType:
      if (const bool* flag = std::get_if<bool>(&value.data)) return IValue(*flag);
      return std::nullopt;
    case c10::TypeKind::IntType:
      if (const int64_t* number = std::get_if<int64_t>(&value.data)) return IValue(*number);
      return std::nullopt;
    case c10::TypeKind::FloatType:
      if (const auto number = AsDouble(value)) return IValue(*number);
      return std::nullopt;
    case c10::TypeKind::NumberType:
      if (const int64_t* number = std::get_if<int64_t>(&value.data)) return IValue(*number);
      if (const double* number = std::get_if<double>(&value.data)) return IValue(*number);
      return std::nullopt;
    case c10::TypeKind::StringType:
      if (const auto* text = std::get_if<std::string>(&value.data)) return IValue(*text);
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

std::optional<IValue> AsScalarTensor(const Value& value) {
  if (const bool* flag = std::get_if<bool>(&value.data)) {
    return IValue(at::scalar_tensor(*flag, at::kBool));
  }
  if (const int64_t* number = std::get_if<int64_t>(&value.data)) {
    return IValue(at::scalar_tensor(*number, at::kLong));
  }
  if (const double* number = std::get_if<double>(&value.data)) {
    return IValue(at::scalar_tensor(*number, at::kFloat));
  }
  return std::nullopt;
}

template <typename T>
bool AllAre(Parts parts) {
  return std::all_of(parts.begin(), parts.end(),
                     [](const Value* part) { return std::holds_alternative<T>(part->data); });
}

// Element i of every part's list, tuple or dict.
template <typename T, typename Get>
std::vector<const Value*> Column(Parts parts, size_t i, Get get) {
  std::vector<const Value*> column;
  column.reserve(parts.size());
  for (const Value* part : parts) column.push_back(&get(std::get<T>(part->data).items[i]));
  return column;
}

template <typename T>
bool SameLength(Parts parts) {
  if (!AllAre<T>(parts)) return false;
  const size_t size = std::get<T>(parts[0]->data).items.size();
  return std::all_of(parts.begin(), parts.end(), [size](const Value* part) {
    return std::get<T>(part->data).items.size() == size;
  });
}

constexpr auto kItself = [](const Value& value) -> const Value& { return value; };
constexpr auto kSecond = [](const ValueEntry& entry) -> const Value& { return entry.value; };

}  // namespace

std::optional<DType> ToDType(c10::ScalarType type) {
  switch (type) {
    case at::kBool:
      return DType::kBool;
    case at::kByte:
      return DType::kUint8;
    case at::kUInt16:
      return DType::kUint16;
    case at::kUInt32:
      return DType::kUint32;
    case at::kUInt64:
      return DType::kUint64;
    case at::kChar:
      return DType::kInt8;
    case at::kShort:
      return DType::kInt16;
    case at::kInt:
      return DType::kInt32;
    case at::kLong:
      return DType::kInt64;
    case at::kHalf:
      return DType::kFp16;
    case at::kBFloat16:
      return DType::kBf16;
    case at::kFloat:
      return DType::kFp32;
    case at::kDouble:
      return DType::kFp64;
    default:
      return std::nullopt;
  }
}

c10::ScalarType ToScalarType(DType dtype) {
  switch (dtype) {
    case DType::kBool:
      return at::kBool;
    case DType::kUint8:
      return at::kByte;
    case DType::kUint16:
      return at::kUInt16;
    case DType::kUint32:
      return at::kUInt32;
    case DType::kUint64:
      return at::kUInt64;
    case DType::kInt8:
      return at::kChar;
    case DType::kInt16:
      return at::kShort;
    case DType::kInt32:
      return at::kInt;
    case DType::kInt64:
      return at::kLong;
    case DType::kFp16:
      return at::kHalf;
    case DType::kBf16:
      return at::kBFloat16;
    case DType::kFp32:
      return at::kFloat;
    case DType::kFp64:
      return at::kDouble;
    case DType::kBytes:
      break;
  }
  return at::kByte;
}

Status Gatherer::Refuse(const std::string& what) const {
  return InvalidArgument("Input '" + *name_ + "' " + what + ".");
}

bool Gatherer::Wraps(const at::Tensor& tensor) const {
  if (wrapped_.empty() || !tensor.has_storage()) return false;
  const void* storage = tensor.storage().unsafeGetStorageImpl();
  return std::find(wrapped_.begin(), wrapped_.end(), storage) != wrapped_.end();
}

Result<IValue> Gatherer::Gather(const ArgumentSlot& slot, Parts parts) {
  name_ = &slot.name;
  if (slot.default_value && AllAre<None>(parts)) return *slot.default_value;
  return GatherAs(*slot.type, parts);
}

Result<IValue> Gatherer::GatherAs(const c10::Type& type, Parts parts) {
  switch (type.kind()) {
    case c10::TypeKind::TensorType:
      return GatherTensor(parts);
    case c10::TypeKind::OptionalType:
      if (AllAre<None>(parts)) return IValue();
      return GatherAs(*type.castRaw<c10::OptionalType>()->getElementType(), parts);
    case c10::TypeKind::NoneType:
      if (AllAre<None>(parts)) return IValue();
      break;
    case c10::TypeKind::ListType:
      return GatherList(*type.castRaw<c10::ListType>(), parts);
    case c10::TypeKind::TupleType:
      return GatherTuple(*type.castRaw<c10::TupleType>(), parts);
    case c10::TypeKind::DictType:
      return GatherDict(*type.castRaw<c10::DictType>(), parts);
    default:
      if (auto scalar = AsScalar(type.kind(), *parts[0])) return *std::move(scalar);
  }
  return Refuse("must be of the type " + type.annotation_str());
}

Result<IValue> Gatherer::GatherTensor(Parts parts) {
  if (parts.size() == 1 && parts[0]->tensor() == nullptr) {
    if (const auto scalar = AsScalarTensor(*parts[0])) {
      return IValue(scalar->toTensor().to(device_));
    }
    return Refuse("must be a tensor");
  }
  if (!AllAre<Tensor>(parts)) return Refuse("must be a tensor");
  const Tensor& first = *parts[0]->tensor();
  if (first.dtype() == DType::kBytes) return Refuse("holds strings, but the model takes numbers");
  if (ByteSize(first.dtype(), first.shape()) != first.bytes()) {
    return Refuse("has a shape that its bytes do not fill");
  }
  const auto options = at::TensorOptions(ToScalarType(first.dtype()));
  if (parts.size() == 1 && may_wrap_ && device_.is_cpu() && IsAligned(first)) {
    at::Tensor tensor =
        at::from_blob(const_cast<std::byte*>(first.data()), Dims(first.shape()), options);
    wrapped_.push_back(tensor.storage().unsafeGetStorageImpl());
    return IValue(std::move(tensor));
  }
  Shape shape = first.shape();
  if (parts.size() > 1) {
    int64_t rows = 0;
    for (const Value* part : parts) {
      const Tensor& tensor = *part->tensor();
      if (shape.empty() || tensor.dtype() != first.dtype() ||
          tensor.shape().size() != shape.size() ||
          !std::equal(shape.begin() + 1, shape.end(), tensor.shape().begin() + 1) ||
          ByteSize(tensor.dtype(), tensor.shape()) != tensor.bytes()) {
        return Internal("Requests of unlike shapes met in one batch.");
      }
      rows += tensor.shape()[0];
    }
    shape[0] = rows;
  }
  at::Tensor batch = at::empty(Dims(shape), options.pinned_memory(!device_.is_cpu()));
  auto* out = static_cast<std::byte*>(batch.mutable_data_ptr());
  for (const Value* part : parts) {
    const Tensor& tensor = *part->tensor();
    if (tensor.bytes() > 0) std::memcpy(out, tensor.data(), tensor.bytes());
    out += tensor.bytes();
  }
  if (!device_.is_cpu()) batch = batch.to(device_, /*non_blocking=*/true);
  return IValue(std::move(batch));
}

Result<IValue> Gatherer::GatherList(const c10::ListType& type, Parts parts) {
  const auto& element = type.getElementType();
  c10::impl::GenericList list(element);
  if (const Tensor* tensor = parts[0]->tensor(); tensor != nullptr && parts.size() == 1) {
    // A tensor of rank 1 may stand for a list of numbers.
    if (tensor->shape().size() == 1 && tensor->dtype() != DType::kBytes &&
        element->kind() != c10::TypeKind::TensorType) {
      for (int64_t i = 0; i < tensor->shape()[0]; ++i) {
        const Value row{tensor->Rows(i, 1)};
        const Value* const lone = &row;
        FLAMBEAU_ASSIGN_OR_RETURN(IValue value, GatherAs(*element, Parts(&lone, 1)));
        list.push_back(value);
      }
      return IValue(list);
    }
  }
  if (!SameLength<ValueList>(parts)) return Refuse("must be of the type " + type.annotation_str());
  const size_t size = std::get<ValueList>(parts[0]->data).items.size();
  for (size_t i = 0; i < size; ++i) {
    const auto column = Column<ValueList>(parts, i, kItself);
    FLAMBEAU_ASSIGN_OR_RETURN(IValue value, GatherAs(*element, column));
    list.push_back(value);
  }
  return IValue(list);
}

Result<IValue> Gatherer::GatherTuple(const c10::TupleType& type, Parts parts) {
  std::vector<IValue> elements;
  for (size_t i = 0; i < type.elements().size(); ++i) {
    std::vector<const Value*> column;
    if (SameLength<ValueTuple>(parts) &&
        std::get<ValueTuple>(parts[0]->data).items.size() == type.elements().size()) {
      column = Column<ValueTuple>(parts, i, kItself);
    } else if (SameLength<ValueList>(parts) &&
               std::get<ValueList>(parts[0]->data).items.size() == type.elements().size()) {
      column = Column<ValueList>(parts, i, kItself);  // JSON has no tuples
    } else {
      return Refuse("must be of the type " + type.annotation_str());
    }
    FLAMBEAU_ASSIGN_OR_RETURN(IValue value, GatherAs(*type.elements()[i], column));
    elements.push_back(std::move(value));
  }
  if (!type.schema()) return IValue(c10::ivalue::Tuple::create(std::move(elements)));
  return IValue(c10::ivalue::Tuple::createNamed(
      std::move(elements), c10::TupleType::createNamed(
                               type.name(),
                               [&] {
                                 std::vector<std::string> names;
                                 for (const auto& argument : type.schema()->arguments())
                                   names.push_back(argument.name());
                                 return names;
                               }(),
                               type.elements().vec())));
}

Result<IValue> Gatherer::GatherDict(const c10::DictType& type, Parts parts) {
  if (type.getKeyType()->kind() != c10::TypeKind::StringType || !SameLength<ValueDict>(parts)) {
    return Refuse("must be of the type " + type.annotation_str());
  }
  c10::impl::GenericDict dict(type.getKeyType(), type.getValueType());
  const auto& first = std::get<ValueDict>(parts[0]->data).items;
  for (size_t i = 0; i < first.size(); ++i) {
    for (const Value* part : parts) {
      if (std::get<ValueDict>(part->data).items[i].key != first[i].key) {
        return Internal("Requests of unlike keys met in one batch.");
      }
    }
    const auto column = Column<ValueDict>(parts, i, kSecond);
    FLAMBEAU_ASSIGN_OR_RETURN(IValue value, GatherAs(*type.getValueType(), column));
    dict.insert(first[i].key, value);
  }
  return IValue(dict);
}

}  // namespace flambeau
