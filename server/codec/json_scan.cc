#include "codec/json_scan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace flambeau {
namespace {

using Block = uint8_t __attribute__((vector_size(16)));

// At the first quote or bracket from `p` on, or less than sixteen bytes before the end.
const char* SkipPlain(const char* p, const char* end) {
  for (; end - p >= 16; p += 16) {
    Block block;
    std::memcpy(&block, p, sizeof(block));
    const Block folded = block | 0x20;  // '[' and '{', ']' and '}' differ in this bit
    const auto hits = (block == '"') | (folded == '{') | (folded == '}');
    std::array<uint64_t, 2> words;
    std::memcpy(words.data(), &hits, sizeof(hits));
    if (words[0] != 0) return p + std::countr_zero(words[0]) / 8;
    if (words[1] != 0) return p + 8 + std::countr_zero(words[1]) / 8;
  }
  return p;
}

// Past the string at `p` without looking at its text; nullptr if it does not end.
const char* PassString(const char* p, const char* end) {
  for (++p; p != end; ++p) {
    if (*p == '"') return p + 1;
    if (*p == '\\' && ++p == end) return nullptr;
  }
  return nullptr;
}

const char* Fail(JsonFault kind, JsonFault* fault) {
  *fault = kind;
  return nullptr;
}

bool HexQuad(const char* p, const char* end, uint32_t* out) {
  if (end - p < 4) return false;
  const auto [next, error] = std::from_chars(p, p + 4, *out, 16);
  return error == std::errc() && next == p + 4;
}

void AppendCodePoint(uint32_t code, std::string* out) {
  const auto tail = [&](int shift) {
    out->push_back(static_cast<char>(0x80 | ((code >> shift) & 0x3F)));
  };
  if (code < 0x80) {
    out->push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out->push_back(static_cast<char>(0xC0 | (code >> 6)));
    tail(0);
  } else if (code < 0x10000) {
    out->push_back(static_cast<char>(0xE0 | (code >> 12)));
    tail(6), tail(0);
  } else {
    out->push_back(static_cast<char>(0xF0 | (code >> 18)));
    tail(12), tail(6), tail(0);
  }
}

// Past the four digits of \uXXXX at `p`, and past its low half if it is a high surrogate.
const char* ScanUnicodeEscape(const char* p, const char* end, std::string* out, JsonFault* fault) {
  uint32_t code = 0;
  if (!HexQuad(p, end, &code)) return Fail(JsonFault::kEscape, fault);
  p += 4;
  if (code >= 0xD800 && code < 0xE000) {
    uint32_t low = 0;
    if (code >= 0xDC00 || end - p < 6 || p[0] != '\\' || p[1] != 'u' ||
        !HexQuad(p + 2, end, &low) || low < 0xDC00 || low >= 0xE000) {
      return Fail(JsonFault::kSurrogate, fault);
    }
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    p += 6;
  }
  if (out != nullptr) AppendCodePoint(code, out);
  return p;
}

// Past the escape whose backslash is at `p`.
const char* ScanEscape(const char* p, const char* end, std::string* out, JsonFault* fault) {
  if (end - p < 2) return Fail(JsonFault::kEndsEarly, fault);
  if (p[1] == 'u') return ScanUnicodeEscape(p + 2, end, out, fault);
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  const size_t index = kNames.find(p[1]);
  if (index == std::string_view::npos) return Fail(JsonFault::kEscape, fault);
  if (out != nullptr) out->push_back(kMeanings[index]);
  return p + 2;
}

bool IsPlain(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x80 &&
         c != '"' && c != '\\';
}

const char* CheckScalar(const char* p, const char* end, JsonFault* fault) {
  if (*p == '"') return ScanString(p, end, nullptr, fault);
  for (const std::string_view word : {"true", "false", "null"}) {
    if (std::string_view(p, static_cast<size_t>(end - p)).starts_with(word)) return p + word.size();
  }
  JsonNumber number;
  const char* next = ScanNumber(p, end, &number);
  return next != nullptr ? next : Fail(JsonFault::kSyntax, fault);
}

// Past a key and its colon, at the value.
const char* CheckKey(const char* p, const char* end, JsonFault* fault) {
  if (p == end) return Fail(JsonFault::kEndsEarly, fault);
  if (*p != '"') return Fail(JsonFault::kSyntax, fault);
  p = ScanString(p, end, nullptr, fault);
  if (p == nullptr) return nullptr;
  p = SkipBlanks(p, end);
  if (p == end) return Fail(JsonFault::kEndsEarly, fault);
  if (*p != ':') return Fail(JsonFault::kSyntax, fault);
  return SkipBlanks(p + 1, end);
}

// The decimal exponent of the first digit that is not zero is positive.
bool IsLarge(const JsonNumber& number, const char* begin, const char* end) {
  int64_t significant = 0;
  for (const char* p = begin; p != end && *p != 'e' && *p != 'E'; ++p) {
    if (IsDigit(*p) && (significant > 0 || *p != '0')) ++significant;
  }
  return number.exponent + significant > 0;
}

template <typename T>
bool FromText(const JsonNumber& number, const char* begin, const char* end, T* out) {
  const std::errc error = std::from_chars(begin, end, *out).ec;
  if (error == std::errc::result_out_of_range) {
    if (IsLarge(number, begin, end)) return false;
    *out = number.negative ? -T{0} : T{0};
    return true;
  }
  return error == std::errc() && std::isfinite(*out);
}

}  // namespace

std::string_view Describe(JsonFault fault) {
  switch (fault) {
    case JsonFault::kEndsEarly:
      return "it ends early";
    case JsonFault::kTooDeep:
      return "it is nested too deeply";
    case JsonFault::kUtf8:
      return "a string is not UTF-8";
    case JsonFault::kSurrogate:
      return "a string has half of a surrogate pair";
    case JsonFault::kEscape:
      return "a string has an unknown escape";
    case JsonFault::kControl:
      return "a string has an unescaped control character";
    case JsonFault::kNone:
    case JsonFault::kSyntax:
      break;
  }
  return "the syntax is wrong";
}

bool HasMoreThan19Digits(const char* digits, const char* end) {
  while (digits != end && (*digits == '0' || *digits == '.')) ++digits;
  return end - digits - std::count(digits, end, '.') > 19;
}

const char* ScanExponent(const char* p, const char* end, JsonNumber* number) {
  ++p;
  const bool negative = p != end && *p == '-';
  if (p != end && (*p == '-' || *p == '+')) ++p;
  const char* const digits = p;
  int64_t exponent = 0;
  for (; p != end && IsDigit(*p); ++p) {
    // Beyond this every datatype has long overflowed; the cap keeps the sum from wrapping.
    if (exponent < 1000000000000) exponent = exponent * 10 + (*p - '0');
  }
  if (p == digits) return nullptr;
  number->integral = false;
  number->exponent += negative ? -exponent : exponent;
  return p;
}

bool ToDouble(const JsonNumber& number, const char* begin, const char* end, double* out) {
  if (!number.truncated && number.mantissa == 0) {
    *out = number.negative ? -0.0 : 0.0;
    return true;
  }
  // Both operands are exact, so that there is one rounding.
  if (!number.truncated && number.mantissa <= uint64_t{1} << 53 && number.exponent >= -22 &&
      number.exponent <= 22) {
    const auto mantissa = static_cast<double>(number.mantissa);
    const double value = number.exponent < 0 ? mantissa / kPowersOfTen[-number.exponent]
                                             : mantissa * kPowersOfTen[number.exponent];
    *out = number.negative ? -value : value;
    return true;
  }
  return FromText(number, begin, end, out);
}

bool ToFloatSlow(const JsonNumber& number, const char* begin, const char* end, float* out) {
  if (!number.truncated && number.mantissa == 0) {
    *out = number.negative ? -0.0F : 0.0F;
    return true;
  }
  return FromText(number, begin, end, out);
}

bool ToInt64(const JsonNumber& number, int64_t* out) {
  constexpr uint64_t kLimit = uint64_t{1} << 63;
  if (number.truncated || number.mantissa > (number.negative ? kLimit : kLimit - 1)) return false;
  *out = static_cast<int64_t>(number.negative ? ~number.mantissa + 1 : number.mantissa);
  return true;
}

bool ToUint64(const JsonNumber& number, const char* begin, const char* end, uint64_t* out) {
  *out = number.mantissa;
  if (number.negative) return !number.truncated && number.mantissa == 0;
  return !number.truncated || std::from_chars(begin, end, *out).ec == std::errc();
}

size_t Utf8SequenceLength(const char* p, const char* end) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(p[i]); };
  if (p == end) return 0;
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || static_cast<size_t>(end - p) < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const unsigned second = byte(1);
  if (lead == 0xE0 && second < 0xA0) return 0;  // overlong
  if (lead == 0xED && second > 0x9F) return 0;  // surrogates
  if (lead == 0xF0 && second < 0x90) return 0;  // overlong
  if (lead == 0xF4 && second > 0x8F) return 0;  // beyond U+10FFFF
  return length;
}

const char* ScanString(const char* p, const char* end, std::string* out, JsonFault* fault) {
  ++p;
  while (p != end) {
    const char* const run = p;
    while (p != end && IsPlain(*p)) ++p;
    if (out != nullptr) out->append(run, p);
    if (p == end) break;
    if (*p == '"') return p + 1;
    if (*p == '\\') {
      p = ScanEscape(p, end, out, fault);
      if (p == nullptr) return nullptr;
      continue;
    }
    if (static_cast<unsigned char>(*p) < 0x20) return Fail(JsonFault::kControl, fault);
    const size_t length = Utf8SequenceLength(p, end);
    if (length == 0) return Fail(JsonFault::kUtf8, fault);
    if (out != nullptr) out->append(p, length);
    p += length;
  }
  return Fail(JsonFault::kEndsEarly, fault);
}

size_t CountCommas(std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  size_t commas = 0;
  while (end - p >= 16) {
    // A hit is -1 in its byte: 255 blocks fit before one wraps.
    Block sums{};
    for (int i = 0; i < 255 && end - p >= 16; ++i, p += 16) {
      Block block;
      std::memcpy(&block, p, sizeof(block));
      sums -= reinterpret_cast<Block>(block == ',');
    }
    for (size_t i = 0; i < sizeof(Block); ++i) commas += sums[i];
  }
  return commas + static_cast<size_t>(std::count(p, end, ','));
}

const char* DelimitValue(const char* p, const char* end, JsonFault* fault) {
  const char* const begin = p;
  int depth = 0;
  while (p != end) {
    if (depth > 0) p = SkipPlain(p, end);
    if (p == end) break;
    if (*p == '"') {
      p = PassString(p, end);
      if (p == nullptr) return Fail(JsonFault::kEndsEarly, fault);
      if (depth == 0) return p;
      continue;
    }
    if (*p == '[' || *p == '{') {
      if (++depth > kMaxJsonDepth) return Fail(JsonFault::kTooDeep, fault);
    } else if (*p == ']' || *p == '}') {
      if (depth == 0) break;
      if (--depth == 0) return p + 1;
    } else if (depth == 0 && (*p == ',' || IsBlank(*p))) {
      break;
    }
    ++p;
  }
  if (depth > 0 || begin == end) return Fail(JsonFault::kEndsEarly, fault);
  return p != begin ? p : Fail(JsonFault::kSyntax, fault);
}

const char* CheckValue(const char* p, const char* end, JsonFault* fault) {
  std::array<char, kMaxJsonDepth> closers;
  int depth = 0;
  while (true) {
    if (p == end) return Fail(JsonFault::kEndsEarly, fault);
    if (*p == '[' || *p == '{') {
      if (depth == kMaxJsonDepth) return Fail(JsonFault::kTooDeep, fault);
      const char closer = *p == '[' ? ']' : '}';
      closers[static_cast<size_t>(depth++)] = closer;
      p = SkipBlanks(p + 1, end);
      if (p == end) return Fail(JsonFault::kEndsEarly, fault);
      if (*p != closer) {
        if (closer == '}' && (p = CheckKey(p, end, fault)) == nullptr) return nullptr;
        continue;
      }
    } else {
      p = CheckScalar(p, end, fault);
      if (p == nullptr) return nullptr;
      if (depth == 0) return p;
      p = SkipBlanks(p, end);
    }
    while (p != end && depth > 0 && *p == closers[static_cast<size_t>(depth - 1)]) {
      if (--depth == 0) return p + 1;
      p = SkipBlanks(p + 1, end);
    }
    if (p == end) return Fail(JsonFault::kEndsEarly, fault);
    if (*p != ',') return Fail(JsonFault::kSyntax, fault);
    p = SkipBlanks(p + 1, end);
    if (closers[static_cast<size_t>(depth - 1)] == '}' &&
        (p = CheckKey(p, end, fault)) == nullptr) {
      return nullptr;
    }
  }
}

}  // namespace flambeau
