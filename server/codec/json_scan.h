// JSON's tokens (RFC 8259), strictly; what the other files of this folder are built on.
//
// Threads: free functions, any thread. Lifetime: they keep nothing. Errors: nullptr and a
// JsonFault.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace flambeau {

enum class JsonFault : uint8_t {
  kNone,
  kSyntax,
  kEndsEarly,
  kTooDeep,
  kUtf8,
  kSurrogate,
  kEscape,
  kControl,
};
std::string_view Describe(JsonFault fault);  // "it ends early"

inline constexpr int kMaxJsonDepth = 64;

static_assert(std::endian::native == std::endian::little, "eight digits are read as one word");

inline bool IsBlank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
inline bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

inline const char* SkipBlanks(const char* p, const char* end) {
  while (p != end && IsBlank(*p)) ++p;
  return p;
}

// The value is mantissa * 10^exponent, negated if `negative`, unless `truncated`: then the digits
// did not fit and only the text tells.
struct JsonNumber {
  uint64_t mantissa = 0;
  int64_t exponent = 0;
  bool negative = false;
  bool integral = true;  // neither a fraction nor an exponent is written
  bool truncated = false;
};

// True if more than 19 digits matter, so that a uint64_t mantissa may have wrapped.
bool HasMoreThan19Digits(const char* digits, const char* end);

inline bool IsEightDigits(uint64_t word) {
  return ((word & 0xF0F0F0F0F0F0F0F0) |
          (((word + 0x0606060606060606) & 0xF0F0F0F0F0F0F0F0) >> 4)) == 0x3333333333333333;
}

// The number of eight ASCII digits, first digit lowest in memory.
inline uint64_t EightDigits(uint64_t word) {
  word -= 0x3030303030303030;
  word = word * 10 + (word >> 8);
  constexpr uint64_t kMask = 0x000000FF000000FF;
  return (((word & kMask) * 0x000F424000000064) + (((word >> 16) & kMask) * 0x0000271000000001)) >>
         32;
}

// Past the exponent that begins at `p` (at 'e' or 'E'), added to `number`; nullptr if malformed.
const char* ScanExponent(const char* p, const char* end, JsonNumber* number);

// Past the number at `p`, or nullptr if there is none by JSON's grammar. What follows is not looked
// at.
inline const char* ScanNumber(const char* p, const char* end, JsonNumber* number) {
  *number = JsonNumber{};
  number->negative = p != end && *p == '-';
  if (number->negative) ++p;
  const char* const digits = p;
  uint64_t mantissa = 0;
  while (p != end && IsDigit(*p)) mantissa = mantissa * 10 + static_cast<uint64_t>(*p++ - '0');
  auto count = static_cast<size_t>(p - digits);
  if (count == 0 || (count > 1 && *digits == '0')) return nullptr;
  if (p != end && *p == '.') {
    const char* const fraction = ++p;
    uint64_t word;
    while (end - p >= 8 && (std::memcpy(&word, p, 8), IsEightDigits(word))) {
      mantissa = mantissa * 100000000 + EightDigits(word);
      p += 8;
    }
    while (p != end && IsDigit(*p)) mantissa = mantissa * 10 + static_cast<uint64_t>(*p++ - '0');
    if (p == fraction) return nullptr;
    number->integral = false;
    number->exponent = fraction - p;
    count += static_cast<size_t>(p - fraction);
  }
  number->mantissa = mantissa;
  if (count > 19) number->truncated = HasMoreThan19Digits(digits, p);
  if (p != end && (*p == 'e' || *p == 'E')) return ScanExponent(p, end, number);
  return p;
}

// The number in [begin, end), correctly rounded in one step; false if it is too large. What is too
// small becomes 0 or a subnormal.
bool ToDouble(const JsonNumber& number, const char* begin, const char* end, double* out);
bool ToFloatSlow(const JsonNumber& number, const char* begin, const char* end, float* out);
// Exactly the integer; false if it does not fit. Requires number.integral.
bool ToInt64(const JsonNumber& number, int64_t* out);
bool ToUint64(const JsonNumber& number, const char* begin, const char* end, uint64_t* out);

inline constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                          1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                          1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

inline bool ToFloat(const JsonNumber& number, const char* begin, const char* end, float* out) {
  if (number.truncated || number.exponent < -22 || number.exponent > 22 ||
      number.mantissa > INT64_MAX) {
    return ToFloatSlow(number, begin, end, out);
  }
  // Two roundings at most: `wide` is within 2 of its last places of the number. Rounding it to
  // float gives the number's own float unless a midpoint between two floats lies that close.
  const auto mantissa = static_cast<double>(static_cast<int64_t>(number.mantissa));
  const double wide = number.exponent < 0 ? mantissa / kPowersOfTen[-number.exponent]
                                          : mantissa * kPowersOfTen[number.exponent];
  constexpr uint64_t kHalf = uint64_t{1} << 28;  // a float drops 29 bits of a double
  const uint64_t dropped = std::bit_cast<uint64_t>(wide) & (2 * kHalf - 1);
  if (dropped - (kHalf - 4) <= 8 || wide > 3e38) return ToFloatSlow(number, begin, end, out);
  *out = static_cast<float>(number.negative ? -wide : wide);
  return true;
}

// Past the string whose opening quote is at `p`, its text appended to `out` (which may be null:
// then it is only checked).
const char* ScanString(const char* p, const char* end, std::string* out, JsonFault* fault);

size_t CountCommas(std::string_view text);

// Past the value at `p`: brackets are counted and strings passed over, nothing else is checked.
const char* DelimitValue(const char* p, const char* end, JsonFault* fault);

// Past the value at `p`, all of it checked but for duplicate keys.
const char* CheckValue(const char* p, const char* end, JsonFault* fault);

// Bytes of the UTF-8 sequence at `p`; 0 if there is none.
size_t Utf8SequenceLength(const char* p, const char* end);

}  // namespace flambeau
