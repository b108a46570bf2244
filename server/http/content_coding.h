// Which codings bodies travel in. Source: RFC 9110 sections 8.4.1 and 12.5.3.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace flambeau {

// kDeflate is the zlib format, as the RFC says.
enum class ContentCoding { kIdentity, kGzip, kDeflate };

// What this server takes, for Accept-Encoding.
inline constexpr std::string_view kAcceptedCodings = "gzip, deflate";

std::string_view Name(ContentCoding coding);  // "gzip"

// The Content-Encoding of a request; nothing if it is another one, or several.
std::optional<ContentCoding> ParseCoding(std::string_view text);

// The coding that the client likes best, by its Accept-Encoding headers; kIdentity if it sent none.
ContentCoding PreferredCoding(const std::vector<std::pair<std::string, std::string>>& headers);

}  // namespace flambeau
