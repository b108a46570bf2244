#include "serving/scalar_binding.h"

#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "codec/json_numbers.h"

namespace flambeau {
namespace {

Status WrongScalar(const ArgumentFact& argument, std::string_view datatypes) {
  return InvalidArgument("Input '" + argument.name + "' must be one " +
                         std::string(Name(argument.kind)) +
                         ": a tensor of shape [1] and datatype " + std::string(datatypes) + ".");
}

std::string_view ParameterType(ValueKind kind) {
  switch (kind) {
    case ValueKind::kBool:
      return "true or false";
    case ValueKind::kInt:
      return "a whole number";
    case ValueKind::kFloat:
      return "a number";
    default:
      return "a string";
  }
}

template <typename T>
T First(const Tensor& tensor) {
  T value;
  std::memcpy(&value, tensor.data(), sizeof(T));
  return value;
}

// The one element as an integer; nothing if it is not one that fits.
std::optional<int64_t> AsInteger(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::kUint8:
      return First<uint8_t>(tensor);
    case DType::kUint16:
      return First<uint16_t>(tensor);
    case DType::kUint32:
      return First<uint32_t>(tensor);
    case DType::kInt8:
      return First<int8_t>(tensor);
    case DType::kInt16:
      return First<int16_t>(tensor);
    case DType::kInt32:
      return First<int32_t>(tensor);
    case DType::kInt64:
      return First<int64_t>(tensor);
    case DType::kUint64: {
      const auto value = First<uint64_t>(tensor);
      if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
      return static_cast<int64_t>(value);
    }
    default:
      return std::nullopt;
  }
}

std::optional<double> AsDouble(const Tensor& tensor) {
  if (tensor.dtype() == DType::kFp64) return First<double>(tensor);
  if (tensor.dtype() == DType::kFp32) return First<float>(tensor);
  const std::optional<int64_t> integer = AsInteger(tensor);
  if (integer.has_value()) return static_cast<double>(*integer);
  return std::nullopt;
}

// The one element of a BYTES tensor, whose prefix codec has checked; nothing if there are more.
std::optional<std::string> AsString(const Tensor& tensor) {
  if (tensor.dtype() != DType::kBytes || tensor.bytes() < sizeof(uint32_t)) return std::nullopt;
  const auto length = First<uint32_t>(tensor);
  if (length != tensor.bytes() - sizeof(uint32_t)) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(tensor.data()) + sizeof(uint32_t), length);
}

Result<Value> TensorAsScalar(const ArgumentFact& argument, const Tensor& tensor) {
  const bool single = tensor.shape().size() <= 1 && ElementCount(tensor.shape()) == 1;
  switch (argument.kind) {
    case ValueKind::kBool:
      if (single && tensor.dtype() == DType::kBool) return Value{First<uint8_t>(tensor) != 0};
      return WrongScalar(argument, "BOOL");
    case ValueKind::kInt: {
      const auto integer = single ? AsInteger(tensor) : std::nullopt;
      if (integer.has_value()) return Value{*integer};
      return WrongScalar(argument, "INT64");
    }
    case ValueKind::kFloat: {
      const auto number = single ? AsDouble(tensor) : std::nullopt;
      if (number.has_value()) return Value{*number};
      return WrongScalar(argument, "FP64 or FP32");
    }
    default: {
      auto text = single ? AsString(tensor) : std::nullopt;
      if (!text.has_value()) return WrongScalar(argument, "BYTES");
      if (IsUtf8(*text)) return Value{*std::move(text)};
      return InvalidArgument("Input '" + argument.name +
                             "' is a str and must be UTF-8; send other bytes as a UINT8 tensor.");
    }
  }
}

}  // namespace

Result<Value> BindScalar(const ArgumentFact& argument, Value value) {
  if (const Tensor* tensor = value.tensor()) return TensorAsScalar(argument, *tensor);
  switch (argument.kind) {
    case ValueKind::kBool:
      if (std::holds_alternative<bool>(value.data)) return value;
      return WrongScalar(argument, "BOOL");
    case ValueKind::kInt:
      if (std::holds_alternative<int64_t>(value.data)) return value;
      return WrongScalar(argument, "INT64");
    case ValueKind::kFloat:
      if (std::holds_alternative<double>(value.data)) return value;
      if (const int64_t* integer = std::get_if<int64_t>(&value.data)) {
        return Value{static_cast<double>(*integer)};
      }
      return WrongScalar(argument, "FP64 or FP32");
    default:
      if (std::holds_alternative<std::string>(value.data)) return value;
      return WrongScalar(argument, "BYTES");
  }
}

Result<Value> BindParameter(const ArgumentFact& argument, Value value) {
  Result<Value> bound = BindScalar(argument, std::move(value));
  if (bound.ok()) return bound;
  return InvalidArgument("Parameter '" + argument.name +
                         "' is an argument of the model and must be " +
                         std::string(ParameterType(argument.kind)) + ".");
}

}  // namespace flambeau
