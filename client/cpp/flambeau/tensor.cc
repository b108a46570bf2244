#include "flambeau/tensor.h"

#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>

namespace flambeau::client {
namespace {

template <typename T>
constexpr std::string_view DatatypeOf() {
  if constexpr (std::is_same_v<T, std::string>) return "BYTES";
  if constexpr (std::is_same_v<T, bool>) return "BOOL";
  if constexpr (std::is_same_v<T, float>) return "FP32";
  if constexpr (std::is_same_v<T, double>) return "FP64";
  if constexpr (std::is_same_v<T, int8_t>) return "INT8";
  if constexpr (std::is_same_v<T, int16_t>) return "INT16";
  if constexpr (std::is_same_v<T, int32_t>) return "INT32";
  if constexpr (std::is_same_v<T, int64_t>) return "INT64";
  if constexpr (std::is_same_v<T, uint8_t>) return "UINT8";
  if constexpr (std::is_same_v<T, uint16_t>) return "UINT16";
  if constexpr (std::is_same_v<T, uint32_t>) return "UINT32";
  if constexpr (std::is_same_v<T, uint64_t>) return "UINT64";
}

// Nothing if a dimension is negative or the product overflows.
std::optional<size_t> Count(const std::vector<int64_t>& shape) {
  size_t count = 1;
  for (const int64_t dimension : shape) {
    if (dimension < 0) return std::nullopt;
    if (__builtin_mul_overflow(count, static_cast<size_t>(dimension), &count)) return std::nullopt;
  }
  return count;
}

absl::Status WrongSize(const Tensor& tensor) {
  return absl::InvalidArgumentError("tensor '" + tensor.name + "' has " +
                                    std::to_string(tensor.bytes.size()) +
                                    " bytes, which do not fit its shape");
}

void AppendText(const std::string& text, std::string* bytes) {
  const auto size = static_cast<uint32_t>(text.size());
  bytes->append(reinterpret_cast<const char*>(&size), sizeof(size));
  bytes->append(text);
}

// Takes the next element off the front of `bytes`; nothing if it is cut short.
std::optional<std::string> TakeText(std::string_view* bytes) {
  uint32_t size = 0;
  if (bytes->size() < sizeof(size)) return std::nullopt;
  std::memcpy(&size, bytes->data(), sizeof(size));
  bytes->remove_prefix(sizeof(size));
  if (bytes->size() < size) return std::nullopt;
  std::string text(bytes->substr(0, size));
  bytes->remove_prefix(size);
  return text;
}

absl::StatusOr<std::vector<std::string>> Texts(const Tensor& tensor) {
  std::vector<std::string> texts;
  std::string_view rest = tensor.bytes;
  while (!rest.empty()) {
    std::optional<std::string> text = TakeText(&rest);
    if (!text) return WrongSize(tensor);
    texts.push_back(*std::move(text));
  }
  if (Count(tensor.shape) != texts.size()) return WrongSize(tensor);
  return texts;
}

template <typename T>
absl::StatusOr<std::vector<T>> Numbers(const Tensor& tensor) {
  const std::optional<size_t> count = Count(tensor.shape);
  if (!count || tensor.bytes.size() % sizeof(T) != 0 || tensor.bytes.size() / sizeof(T) != *count) {
    return WrongSize(tensor);
  }
  if constexpr (std::is_same_v<T, bool>) {  // a vector of them has no memory of its own
    return std::vector<bool>(tensor.bytes.begin(), tensor.bytes.end());
  } else {
    std::vector<T> numbers(*count);
    if (*count > 0) std::memcpy(numbers.data(), tensor.bytes.data(), tensor.bytes.size());
    return numbers;
  }
}

}  // namespace

template <typename T>
Tensor MakeTensor(std::string name, std::vector<int64_t> shape, const std::vector<T>& elements) {
  Tensor tensor{std::move(name), std::string(DatatypeOf<T>()), std::move(shape), {}};
  if constexpr (std::is_same_v<T, std::string>) {
    for (const std::string& text : elements) AppendText(text, &tensor.bytes);
  } else if constexpr (std::is_same_v<T, bool>) {
    tensor.bytes.assign(elements.begin(), elements.end());
  } else {
    tensor.bytes.assign(reinterpret_cast<const char*>(elements.data()),
                        elements.size() * sizeof(T));
  }
  return tensor;
}

template <typename T>
absl::StatusOr<std::vector<T>> Elements(const Tensor& tensor) {
  if (tensor.datatype != DatatypeOf<T>()) {
    return absl::InvalidArgumentError("tensor '" + tensor.name + "' is " + tensor.datatype +
                                      ", not " + std::string(DatatypeOf<T>()));
  }
  if (tensor.shared_memory) {
    return absl::InvalidArgumentError("tensor '" + tensor.name +
                                      "' is in shared memory; read it there");
  }
  if constexpr (std::is_same_v<T, std::string>) {
    return Texts(tensor);
  } else {
    return Numbers<T>(tensor);
  }
}

#define FLAMBEAU_ELEMENT_TYPE(T)                                                        \
  template Tensor MakeTensor(std::string, std::vector<int64_t>, const std::vector<T>&); \
  template absl::StatusOr<std::vector<T>> Elements(const Tensor&)

FLAMBEAU_ELEMENT_TYPE(bool);
FLAMBEAU_ELEMENT_TYPE(float);
FLAMBEAU_ELEMENT_TYPE(double);
FLAMBEAU_ELEMENT_TYPE(int8_t);
FLAMBEAU_ELEMENT_TYPE(int16_t);
FLAMBEAU_ELEMENT_TYPE(int32_t);
FLAMBEAU_ELEMENT_TYPE(int64_t);
FLAMBEAU_ELEMENT_TYPE(uint8_t);
FLAMBEAU_ELEMENT_TYPE(uint16_t);
FLAMBEAU_ELEMENT_TYPE(uint32_t);
FLAMBEAU_ELEMENT_TYPE(uint64_t);
FLAMBEAU_ELEMENT_TYPE(std::string);

}  // namespace flambeau::client
