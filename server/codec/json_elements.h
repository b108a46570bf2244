// One element of a JSON array at a time, into the memory of its datatype.
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/status.h"
#include "codec/convert.h"
#include "codec/json_scan.h"
#include "tensor/dtype.h"

namespace flambeau {

enum class ElementFault : uint8_t { kNone, kKind, kFraction, kRange, kString };

// The sentence for the element at `p`, which `path` names. `string` tells more where it is kString.
Status ElementError(const std::string& path, const char* p, const char* end, DType dtype,
                    ElementFault fault, JsonFault string);

// Each reader puts the element at `p` into *out; past it, or nullptr and *fault.

template <DType kType>
struct FloatElement {
  using Type = float;
  static bool Convert(const JsonNumber& number, const char* p, const char* end, float* out) {
    return ToFloat(number, p, end, out);
  }
};
template <>
struct FloatElement<DType::kFp64> {
  using Type = double;
  static bool Convert(const JsonNumber& number, const char* p, const char* end, double* out) {
    return ToDouble(number, p, end, out);
  }
};
// Through a float that remembers in its last bit that digits were lost, so that the narrowing that
// follows still rounds once.
bool ToNarrowFloat(const JsonNumber& number, const char* p, const char* end, float* out);
template <>
struct FloatElement<DType::kFp16> {
  using Type = uint16_t;
  static bool Convert(const JsonNumber& number, const char* p, const char* end, uint16_t* out) {
    float wide = 0;
    if (!ToNarrowFloat(number, p, end, &wide)) return false;
    *out = FloatToHalf(wide);
    return (*out & 0x7FFF) != 0x7C00;
  }
};
template <>
struct FloatElement<DType::kBf16> {
  using Type = uint16_t;
  static bool Convert(const JsonNumber& number, const char* p, const char* end, uint16_t* out) {
    float wide = 0;
    if (!ToNarrowFloat(number, p, end, &wide)) return false;
    *out = FloatToBfloat16(wide);
    return (*out & 0x7FFF) != 0x7F80;
  }
};

template <DType kType>
struct FloatReader : FloatElement<kType> {
  static const char* Read(const char* p, const char* end, typename FloatElement<kType>::Type* out,
                          ElementFault* fault) {
    JsonNumber number;
    const char* next = ScanNumber(p, end, &number);
    if (next == nullptr) {
      *fault = ElementFault::kKind;
      return nullptr;
    }
    if (!FloatElement<kType>::Convert(number, p, next, out)) {
      *fault = ElementFault::kRange;
      return nullptr;
    }
    return next;
  }
};

template <std::integral T>
struct IntegerReader {
  using Type = T;
  static bool Convert(const JsonNumber& number, const char* p, const char* end, T* out) {
    if constexpr (std::same_as<T, uint64_t>) {
      return ToUint64(number, p, end, out);
    } else {
      int64_t wide = 0;
      if (!ToInt64(number, &wide)) return false;
      *out = static_cast<T>(wide);
      return wide >= static_cast<int64_t>(std::numeric_limits<T>::min()) &&
             wide <= static_cast<int64_t>(std::numeric_limits<T>::max());
    }
  }
  static const char* Read(const char* p, const char* end, T* out, ElementFault* fault) {
    JsonNumber number;
    const char* next = ScanNumber(p, end, &number);
    if (next == nullptr) {
      *fault = ElementFault::kKind;
      return nullptr;
    }
    if (!number.integral || !Convert(number, p, next, out)) {
      *fault = number.integral ? ElementFault::kRange : ElementFault::kFraction;
      return nullptr;
    }
    return next;
  }
};

struct BoolReader {
  using Type = uint8_t;
  static const char* Read(const char* p, const char* end, uint8_t* out, ElementFault* fault) {
    const std::string_view rest(p, static_cast<size_t>(end - p));
    *out = rest.starts_with("true") ? 1 : 0;
    if (*out == 1) return p + 4;
    if (rest.starts_with("false")) return p + 5;
    *fault = ElementFault::kKind;
    return nullptr;
  }
};

}  // namespace flambeau
