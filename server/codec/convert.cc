#include "codec/convert.h"

#include <bit>
#include <cstring>
#include <memory>
#include <string>

namespace flambeau {
namespace {

constexpr size_t kPrefix = sizeof(uint32_t);

uint32_t LengthAt(const char* p) {
  uint32_t length;
  std::memcpy(&length, p, sizeof(length));
  return length;
}

// Calls each(text) for every element; false if the prefixes do not add up.
template <typename Each>
bool ForEachElement(std::string_view bytes, const Each& each) {
  while (!bytes.empty()) {
    if (bytes.size() < kPrefix) return false;
    const size_t length = LengthAt(bytes.data());
    if (length > bytes.size() - kPrefix) return false;
    each(bytes.substr(kPrefix, length));
    bytes.remove_prefix(kPrefix + length);
  }
  return true;
}

Status CheckBytes(std::string_view bytes, int64_t count, const Shape& shape,
                  std::string_view field) {
  int64_t found = 0;
  const std::string name(field);
  if (!ForEachElement(bytes, [&](std::string_view) { ++found; })) {
    return InvalidArgument(name + " has a length prefix that runs past its end at element " +
                           std::to_string(found) +
                           ": each BYTES element is a 4-byte little-endian length and its bytes");
  }
  if (found != count) {
    return InvalidArgument(name + " has " + std::to_string(found) + " BYTES elements but shape " +
                           ToString(shape) + " needs " + std::to_string(count));
  }
  return OkStatus();
}

Status CheckSize(DType dtype, const Shape& shape, size_t bytes, std::string_view field) {
  const std::string name(field);
  const auto needed = ByteSize(dtype, shape);
  if (!needed) {
    return InvalidArgument(name + " has shape " + ToString(shape) +
                           ", whose size cannot be represented");
  }
  if (*needed != bytes) {
    return InvalidArgument(name + " has " + std::to_string(bytes) + " bytes but datatype " +
                           std::string(Name(dtype)) + " and shape " + ToString(shape) + " need " +
                           std::to_string(*needed));
  }
  return OkStatus();
}

Status CheckBools(std::string_view bytes, std::string_view field) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (static_cast<unsigned char>(bytes[i]) > 1) {
      return InvalidArgument(std::string(field) + " has the byte " +
                             std::to_string(static_cast<unsigned char>(bytes[i])) + " at element " +
                             std::to_string(i) + ": BOOL takes bytes 0 and 1");
    }
  }
  return OkStatus();
}

}  // namespace

uint16_t FloatToHalf(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000);
  const uint32_t magnitude = bits & 0x7FFFFFFF;
  if (magnitude > 0x7F800000) {  // NaN: keep it one, quiet
    return static_cast<uint16_t>(sign | 0x7E00 | ((magnitude >> 13) & 0x3FF));
  }
  if (magnitude >= 0x477FF000) return sign | 0x7C00;  // 65520 and up round to infinity
  if (magnitude < 0x38800000) {
    // Subnormal: adding 0.5 lets the float unit round at the half's last place, 2^-24.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
    return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(shifted) - 0x3F000000));
  }
  const uint32_t rounded = magnitude + 0xFFF + ((magnitude >> 13) & 1);
  return static_cast<uint16_t>(sign | ((rounded - 0x38000000) >> 13));
}

float HalfToFloat(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  const uint32_t magnitude = bits & 0x7FFF;
  uint32_t result;
  if (magnitude >= 0x7C00) {
    result = 0x7F800000 | ((magnitude & 0x3FF) << 13);
  } else if (magnitude >= 0x400) {
    result = (magnitude << 13) + 0x38000000;
  } else {
    constexpr float kLastPlace = 0x1p-24F;
    result = std::bit_cast<uint32_t>(static_cast<float>(magnitude) * kLastPlace);
  }
  return std::bit_cast<float>(sign | result);
}

uint16_t FloatToBfloat16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7FFFFFFF) > 0x7F800000) return static_cast<uint16_t>((bits >> 16) | 0x40);
  return static_cast<uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

float Bfloat16ToFloat(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

Result<Tensor> TensorFromBinary(DType dtype, const Shape& shape, std::string_view bytes,
                                std::shared_ptr<const void> owner, std::string_view field) {
  if (dtype == DType::kBytes) {
    const auto count = ElementCount(shape);
    if (!count) {
      return InvalidArgument(std::string(field) + " has shape " + ToString(shape) +
                             ", whose size cannot be represented");
    }
    FLAMBEAU_RETURN_IF_ERROR(CheckBytes(bytes, *count, shape, field));
  } else {
    FLAMBEAU_RETURN_IF_ERROR(CheckSize(dtype, shape, bytes.size(), field));
  }
  if (dtype == DType::kBool) FLAMBEAU_RETURN_IF_ERROR(CheckBools(bytes, field));
  const auto* data = reinterpret_cast<const std::byte*>(bytes.data());
  const size_t alignment = dtype == DType::kBytes ? 1 : ItemSize(dtype);
  if (reinterpret_cast<uintptr_t>(data) % alignment == 0) {
    return Tensor(dtype, shape, std::move(owner), data, bytes.size());
  }
  FLAMBEAU_ASSIGN_OR_RETURN(Tensor copy, Tensor::AllocateBytes(dtype, shape, bytes.size()));
  std::memcpy(copy.mutable_data(), data, bytes.size());
  return copy;
}

Result<std::vector<std::string_view>> BytesElements(const Tensor& tensor) {
  std::vector<std::string_view> elements;
  const std::string_view bytes(reinterpret_cast<const char*>(tensor.data()), tensor.bytes());
  if (!ForEachElement(bytes, [&](std::string_view text) { elements.push_back(text); })) {
    return InvalidArgument("a BYTES tensor has a length prefix that runs past its end");
  }
  return elements;
}

Tensor BytesTensor(const std::vector<std::string_view>& elements, const Shape& shape) {
  auto buffer = std::make_shared<std::string>();
  size_t size = 0;
  for (const std::string_view element : elements) size += kPrefix + element.size();
  buffer->reserve(size);
  for (const std::string_view element : elements) {
    const auto length = static_cast<uint32_t>(element.size());
    buffer->append(reinterpret_cast<const char*>(&length), sizeof(length));
    buffer->append(element);
  }
  const auto* data = reinterpret_cast<const std::byte*>(buffer->data());
  return {DType::kBytes, shape, buffer, data, buffer->size()};
}

}  // namespace flambeau
