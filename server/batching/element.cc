#include "batching/element.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "codec/convert.h"

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

// A probe's input stays finite.
constexpr double kLargestHalf = 65504;

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
      return HalfToFloat(Load<uint16_t>(from));
    case DType::kBf16:
      return Bfloat16ToFloat(Load<uint16_t>(from));
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
      return Store(FloatToHalf(static_cast<float>(std::clamp(number, -kLargestHalf, kLargestHalf))),
                   to);
    case DType::kBf16:
      return Store(FloatToBfloat16(static_cast<float>(number)), to);
    case DType::kFp32:
      return Store(static_cast<float>(number), to);
    case DType::kFp64:
      return Store(number, to);
    default:
      return;
  }
}

}  // namespace flambeau
