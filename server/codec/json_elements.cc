#include "codec/json_elements.h"

#include <bit>

namespace flambeau {
namespace {

// The element's text for an error: up to a delimiter, short.
std::string Token(const char* p, const char* end) {
  std::string token;
  for (; p != end && *p != ',' && *p != ']' && *p != '}' && !IsBlank(*p); ++p) {
    if (token.size() == 32) return token + "...";
    token += static_cast<unsigned char>(*p) < 0x20 ? '?' : *p;
  }
  return token;
}

std::string_view Takes(DType dtype) {
  if (dtype == DType::kBool) return "true or false";
  if (dtype == DType::kBytes) return "strings";
  return IsInteger(dtype) ? "whole numbers" : "numbers";
}

std::string_view KindOf(const std::string& token) {
  if (token.empty()) return "nothing";
  switch (token[0]) {
    case '"':
      return "a string";
    case '{':
      return "an object";
    case '[':
      return "an array";
    default:
      if (token == "true" || token == "false") return "a boolean";
      if (token == "null") return "null";
      return IsDigit(token[0]) || token[0] == '-' ? "a number" : "";
  }
}

std::string Range(DType dtype) {
  if (!IsInteger(dtype)) return "";
  const bool is_signed = dtype >= DType::kInt8;
  const auto bits = static_cast<unsigned>(ItemSize(dtype) * 8);
  const uint64_t highest = UINT64_MAX >> (64 - bits + (is_signed ? 1 : 0));
  const std::string lowest = is_signed ? "-" + std::to_string(highest + 1) : "0";
  return " (" + lowest + " to " + std::to_string(highest) + ")";
}

}  // namespace

Status ElementError(const std::string& path, const char* p, const char* end, DType dtype,
                    ElementFault fault, JsonFault string) {
  const std::string token = Token(p, end);
  const std::string name(Name(dtype));
  if (fault == ElementFault::kString) {
    return InvalidArgument(path + " is not valid: " + std::string(Describe(string)));
  }
  if (fault == ElementFault::kRange) {
    return InvalidArgument(path + " is " + token + ", out of range for " + name + Range(dtype));
  }
  if (fault == ElementFault::kFraction) {
    return InvalidArgument(path + " is " + token + " but datatype " + name +
                           " takes whole numbers: send it without a fraction or exponent");
  }
  if (token == "NaN" || token == "Infinity" || token == "-Infinity") {
    return InvalidArgument(path + " is " + token +
                           ", which JSON cannot carry: send this tensor as binary data");
  }
  std::string kind(KindOf(token));
  if (kind == "a number" && dtype != DType::kBool && dtype != DType::kBytes) kind.clear();
  if (kind.empty()) return InvalidArgument(path + " is not valid JSON: " + token);
  return InvalidArgument(path + " is " + kind + " but datatype " + name + " takes " +
                         std::string(Takes(dtype)));
}

bool ToNarrowFloat(const JsonNumber& number, const char* p, const char* end, float* out) {
  double wide = 0;
  if (!ToDouble(number, p, end, &wide) || std::fabs(wide) > 3.5e38) return false;
  auto narrow = static_cast<float>(wide);
  if (static_cast<double>(narrow) != wide) {
    auto bits = std::bit_cast<uint32_t>(narrow);
    if (std::fabs(static_cast<double>(narrow)) > std::fabs(wide)) --bits;
    narrow = std::bit_cast<float>(bits | 1);
  }
  *out = narrow;
  return true;
}

}  // namespace flambeau
