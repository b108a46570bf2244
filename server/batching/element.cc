#include "batching/element.h"

#include <cmath>
#include <cstdint>
#include <cstring>

namespace flambeau {
namespace {

template <typename T>
T Load(const std::byte* from) {
  T plain;
  std::memcpy(&plain, from, sizeof(T));
  return plain;
}

template <typename T>
void Store(T plain, std::byte* to) {
  std::memcpy(to, &plain, sizeof(T));
}

float FromBits(uint32_t bits) {
  float number;
  std::memcpy(&number, &bits, sizeof(number));
  return number;
}

uint32_t ToBits(float number) {
  uint32_t bits;
  std::memcpy(&bits, &number, sizeof(bits));
  return bits;
}

double ReadHalf(uint16_t bits) {
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  const int exponent = (bits >> 10) & 0x1f;
  const int fraction = bits & 0x3ff;
  if (exponent == 0x1f) return fraction == 0 ? sign * INFINITY : NAN;
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(fraction + 1024, exponent - 25);
}

// Exact digits do not matter to a probe's input; the range does.
uint16_t WriteHalf(double number) {
  const uint16_t sign = std::signbit(number) ? 0x8000 : 0;
  const double magnitude = std::fmin(std::fabs(number), 65504);
  if (magnitude < 0x1p-14) return sign | static_cast<uint16_t>(magnitude * 0x1p24);
  int exponent = 0;
  const double fraction = std::frexp(magnitude, &exponent);  // in [0.5, 1)
  const auto digits = static_cast<uint16_t>((fraction * 2 - 1) * 1024);
  return static_cast<uint16_t>(sign | ((exponent + 14) << 10) | digits);
}

}  // namespace

double ReadElement(DType dtype, const std::byte* from) {
  switch (dtype) {
    case DType::kBool:
    case DType::kUint8:
      return Load<uint8_t>(from);
    case DType::kUint16:
      return Load<uint16_t>(from);
    case DType::kUint32:
      return Load<uint32_t>(from);
    case DType::kUint64:
      return static_cast<double>(Load<uint64_t>(from));
    case DType::kInt8:
      return Load<int8_t>(from);
    case DType::kInt16:
      return Load<int16_t>(from);
    case DType::kInt32:
      return Load<int32_t>(from);
    case DType::kInt64:
      return static_cast<double>(Load<int64_t>(from));
    case DType::kFp16:
      return ReadHalf(Load<uint16_t>(from));
    case DType::kBf16:
      return FromBits(static_cast<uint32_t>(Load<uint16_t>(from)) << 16);
    case DType::kFp32:
      return Load<float>(from);
    case DType::kFp64:
      return Load<double>(from);
    case DType::kBytes:
      break;
  }
  return 0;
}

void WriteFloat(DType dtype, double number, std::byte* to) {
  switch (dtype) {
    case DType::kFp16:
      return Store(WriteHalf(number), to);
    case DType::kBf16:
      return Store(static_cast<uint16_t>(ToBits(static_cast<float>(number)) >> 16), to);
    case DType::kFp32:
      return Store(static_cast<float>(number), to);
    case DType::kFp64:
      return Store(number, to);
    default:
      return;
  }
}

}  // namespace flambeau
