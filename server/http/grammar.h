// The small grammar of HTTP/1.1: tokens, field values, numbers. Source: RFC 9110 section 5.6.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace flambeau {

bool IsTokenChar(char c);
bool IsToken(std::string_view text);       // one or more token characters
bool IsFieldValue(std::string_view text);  // no control character but tab
std::string AsciiLower(std::string_view text);
bool EqualsIgnoreCase(std::string_view text, std::string_view lower_case);
std::string_view TrimBlanks(std::string_view text);  // spaces and tabs

// True if the comma-separated list holds the lower-case token, in any case.
bool ListHasToken(std::string_view list, std::string_view lower_case_token);

// Digits only, one or more; the largest value if it does not fit, nothing if there is anything
// else.
std::optional<uint64_t> ParseDigits(std::string_view text);

// 1 to 16 hexadecimal digits and nothing else.
std::optional<uint64_t> ParseHex(std::string_view text);

}  // namespace flambeau
