#include "cli/json_tensor.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace flambeau::client {
namespace {

using nlohmann::json;

constexpr size_t kMaxRank = 64;  // LibTorch's own limit

absl::Status Mistake(const std::string& name, const std::string& what) {
  return absl::InvalidArgumentError("input '" + name + "' " + what);
}

// ---- 16 bit floats

uint16_t HalfFromFloat(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000);
  if (std::isnan(value)) return sign | 0x7E00;
  const float magnitude = std::fabs(value);
  if (magnitude >= 65520.0F) return sign | 0x7C00;
  if (magnitude < 0x1p-14F) {  // subnormal: multiples of 2^-24
    return sign | static_cast<uint16_t>(std::nearbyint(magnitude * 0x1p24F));
  }
  bits = (bits & 0x7FFFFFFF) + 0xFFF + ((bits >> 13) & 1);
  return sign | static_cast<uint16_t>((bits >> 13) - (112 << 10));
}

float FloatFromHalf(uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1F;
  const int mantissa = bits & 0x3FF;
  float magnitude;
  if (exponent == 0x1F) {
    magnitude = mantissa != 0 ? std::numeric_limits<float>::quiet_NaN()
                              : std::numeric_limits<float>::infinity();
  } else if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(mantissa), -24);
  } else {
    magnitude = std::ldexp(static_cast<float>(mantissa | 0x400), exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

uint16_t Bfloat16FromFloat(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  if (std::isnan(value)) return static_cast<uint16_t>((bits >> 16) | 0x40);
  return static_cast<uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

float FloatFromBfloat16(uint16_t half) {
  const uint32_t bits = static_cast<uint32_t>(half) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

// ---- From JSON

// Goes down the first elements; Flatten then holds every other one to that shape.
std::vector<int64_t> ShapeOf(const json& value) {
  std::vector<int64_t> shape;
  for (const json* at = &value; at->is_array(); at = &at->front()) {
    shape.push_back(static_cast<int64_t>(at->size()));
    if (at->empty()) break;
  }
  return shape;
}

bool Flatten(const json& value, const std::vector<int64_t>& shape, size_t depth,
             std::vector<const json*>* elements) {
  if (depth == shape.size()) {
    if (value.is_array()) return false;
    elements->push_back(&value);
    return true;
  }
  if (!value.is_array() || static_cast<int64_t>(value.size()) != shape[depth]) return false;
  for (const json& item : value) {
    if (!Flatten(item, shape, depth + 1, elements)) return false;
  }
  return true;
}

std::string Infer(const std::vector<const json*>& elements) {
  bool all_bool = true;
  bool all_integer = true;
  for (const json* element : elements) {
    if (element->is_string()) return "BYTES";
    all_bool = all_bool && element->is_boolean();
    all_integer = all_integer && element->is_number_integer();
  }
  if (elements.empty()) return "FP32";
  if (all_bool) return "BOOL";
  return all_integer ? "INT64" : "FP32";
}

template <typename T>
void Append(T value, std::string* bytes) {
  bytes->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

template <typename T>
bool AppendInteger(const json& element, std::string* bytes) {
  if (!element.is_number_integer()) return false;
  if (element.is_number_unsigned()) {
    const auto value = element.get<uint64_t>();
    if (value > static_cast<uint64_t>(std::numeric_limits<T>::max())) return false;
    Append(static_cast<T>(value), bytes);
    return true;
  }
  const auto value = element.get<int64_t>();  // negative, else it would be unsigned
  if (std::is_unsigned_v<T> || value < static_cast<int64_t>(std::numeric_limits<T>::min())) {
    return false;
  }
  Append(static_cast<T>(value), bytes);
  return true;
}

bool AppendFloat(const json& element, const std::string& datatype, std::string* bytes) {
  if (!element.is_number()) return false;
  const auto value = element.get<double>();
  if (datatype == "FP64") {
    Append(value, bytes);
    return true;
  }
  const double limit = datatype == "FP16" ? 65504.0 : std::numeric_limits<float>::max();
  if (std::fabs(value) > limit) return false;
  const auto narrow = static_cast<float>(value);
  if (datatype == "FP32") {
    Append(narrow, bytes);
  } else {
    Append(datatype == "FP16" ? HalfFromFloat(narrow) : Bfloat16FromFloat(narrow), bytes);
  }
  return true;
}

bool AppendElement(const json& element, const std::string& datatype, std::string* bytes) {
  if (datatype == "BOOL") {
    if (!element.is_boolean()) return false;
    bytes->push_back(element.get<bool>() ? 1 : 0);
    return true;
  }
  if (datatype == "BYTES") {
    if (!element.is_string()) return false;
    const auto& text = element.get_ref<const std::string&>();
    Append(static_cast<uint32_t>(text.size()), bytes);
    *bytes += text;
    return true;
  }
  if (datatype == "INT8") return AppendInteger<int8_t>(element, bytes);
  if (datatype == "INT16") return AppendInteger<int16_t>(element, bytes);
  if (datatype == "INT32") return AppendInteger<int32_t>(element, bytes);
  if (datatype == "INT64") return AppendInteger<int64_t>(element, bytes);
  if (datatype == "UINT8") return AppendInteger<uint8_t>(element, bytes);
  if (datatype == "UINT16") return AppendInteger<uint16_t>(element, bytes);
  if (datatype == "UINT32") return AppendInteger<uint32_t>(element, bytes);
  if (datatype == "UINT64") return AppendInteger<uint64_t>(element, bytes);
  return AppendFloat(element, datatype, bytes);
}

// ---- To JSON

size_t ElementSize(std::string_view datatype) {
  if (datatype == "BOOL" || datatype == "INT8" || datatype == "UINT8") return 1;
  if (datatype == "INT16" || datatype == "UINT16" || datatype == "FP16" || datatype == "BF16") {
    return 2;
  }
  if (datatype == "INT32" || datatype == "UINT32" || datatype == "FP32") return 4;
  if (datatype == "INT64" || datatype == "UINT64" || datatype == "FP64") return 8;
  return 0;
}

template <typename T>
T Load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof(value));
  return value;
}

template <typename T>
void WriteNumber(T value, std::string* out) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) {
      *out += "\"NaN\"";
      return;
    }
    if (std::isinf(value)) {
      *out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
      return;
    }
  }
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  out->append(text, end);
  // 2 alone would read as an integer.
  if (std::is_floating_point_v<T> &&
      std::string_view(text, end - text).find_first_of(".e") == std::string_view::npos) {
    *out += ".0";
  }
}

void WriteElement(std::string_view datatype, const char* at, std::string* out) {
  if (datatype == "BOOL") *out += *at != 0 ? "true" : "false";
  if (datatype == "INT8") WriteNumber(int{Load<int8_t>(at)}, out);
  if (datatype == "UINT8") WriteNumber(int{Load<uint8_t>(at)}, out);
  if (datatype == "INT16") WriteNumber(Load<int16_t>(at), out);
  if (datatype == "UINT16") WriteNumber(Load<uint16_t>(at), out);
  if (datatype == "INT32") WriteNumber(Load<int32_t>(at), out);
  if (datatype == "UINT32") WriteNumber(Load<uint32_t>(at), out);
  if (datatype == "INT64") WriteNumber(Load<int64_t>(at), out);
  if (datatype == "UINT64") WriteNumber(Load<uint64_t>(at), out);
  if (datatype == "FP16") WriteNumber(FloatFromHalf(Load<uint16_t>(at)), out);
  if (datatype == "BF16") WriteNumber(FloatFromBfloat16(Load<uint16_t>(at)), out);
  if (datatype == "FP32") WriteNumber(Load<float>(at), out);
  if (datatype == "FP64") WriteNumber(Load<double>(at), out);
}

// Reads elements one after the other, whatever their size.
class Writer {
 public:
  explicit Writer(const Tensor& tensor) : tensor_(tensor), size_(ElementSize(tensor.datatype)) {}

  bool Write(size_t depth) {
    if (depth == tensor_.shape.size()) return WriteNext();
    out_ += '[';
    for (int64_t i = 0; i < tensor_.shape[depth]; ++i) {
      if (i > 0) out_ += ',';
      if (!Write(depth + 1)) return false;
    }
    out_ += ']';
    return true;
  }

  bool at_end() const { return at_ == tensor_.bytes.size(); }
  std::string Take() { return std::move(out_); }

 private:
  bool Has(size_t bytes) const { return tensor_.bytes.size() - at_ >= bytes; }

  bool WriteNext() {
    if (tensor_.datatype == "BYTES") return WriteText();
    if (size_ == 0 || !Has(size_)) return false;
    WriteElement(tensor_.datatype, tensor_.bytes.data() + at_, &out_);
    at_ += size_;
    return true;
  }

  bool WriteText() {
    if (!Has(sizeof(uint32_t))) return false;
    const auto length = Load<uint32_t>(tensor_.bytes.data() + at_);
    at_ += sizeof(uint32_t);
    if (!Has(length)) return false;
    const json text = tensor_.bytes.substr(at_, length);
    at_ += length;
    out_ += text.dump(-1, ' ', false, json::error_handler_t::replace);
    return true;
  }

  const Tensor& tensor_;
  const size_t size_;
  size_t at_ = 0;
  std::string out_;
};

}  // namespace

absl::StatusOr<Tensor> TensorFromJson(const std::string& name, const std::string& datatype,
                                      const json& value) {
  Tensor tensor{name, datatype, ShapeOf(value), {}};
  if (tensor.shape.size() > kMaxRank) {
    return Mistake(name, "has more than 64 dimensions");
  }
  std::vector<const json*> elements;
  if (!Flatten(value, tensor.shape, 0, &elements)) {
    return Mistake(name, "has lists of different lengths; every row must be as long as the first");
  }
  if (tensor.datatype.empty()) tensor.datatype = Infer(elements);
  for (const json* element : elements) {
    if (!AppendElement(*element, tensor.datatype, &tensor.bytes)) {
      return Mistake(
          name, "has the element " +
                    element->dump(-1, ' ', true, json::error_handler_t::replace).substr(0, 64) +
                    ", which is no " + tensor.datatype);
    }
  }
  if (!value.is_array()) tensor.shape = {1};
  return tensor;
}

absl::StatusOr<std::string> TensorToJson(const Tensor& tensor) {
  Writer writer(tensor);
  if (!writer.Write(0) || !writer.at_end()) {
    return absl::InvalidArgumentError(
        "output '" + tensor.name + "' has datatype " + tensor.datatype + " and " +
        std::to_string(tensor.bytes.size()) + " bytes, which do not fit its shape");
  }
  return writer.Take();
}

}  // namespace flambeau::client
