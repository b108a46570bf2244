#include <algorithm>
#include <optional>
#include <string>

#include "http/grammar.h"
#include "http/router.h"

namespace flambeau {
namespace {

// The byte at `i`, decoded, with `i` moved to its end; nothing if the escape is broken.
std::optional<char> DecodedByte(std::string_view text, size_t* i) {
  if (text[*i] != '%') return text[(*i)++];
  if (*i + 3 > text.size()) return std::nullopt;
  const std::optional<uint64_t> byte = ParseHex(text.substr(*i + 1, 2));
  *i += 3;
  if (!byte) return std::nullopt;
  return static_cast<char>(*byte);
}

// Names have 128 characters at most, and up to three bytes each when encoded.
constexpr size_t kMaxSegmentBytes = 1024;

std::string_view SegmentError(std::string_view raw) {
  if (raw.size() > kMaxSegmentBytes) {
    return "A segment of the path is longer than 1024 bytes: no name is.";
  }
  std::string segment;
  for (size_t i = 0; i < raw.size();) {
    const std::optional<char> c = DecodedByte(raw, &i);
    if (!c) return "A % in the path is not followed by two hexadecimal digits.";
    if (*c == '/') return "The path holds an encoded slash: no name has one.";
    if (static_cast<unsigned char>(*c) < 0x20 || *c == 0x7f) {
      return "The path holds an encoded control character.";
    }
    if (segment.size() < 3) segment += *c;
  }
  if (segment == "." || segment == "..") return "The path holds a \".\" or \"..\" segment.";
  return {};
}

}  // namespace

std::string_view PathError(std::string_view raw_path) {
  while (!raw_path.empty()) {
    raw_path.remove_prefix(1);  // the slash
    const size_t end = std::min(raw_path.find('/'), raw_path.size());
    const std::string_view error = SegmentError(raw_path.substr(0, end));
    if (!error.empty()) return error;
    raw_path.remove_prefix(end);
  }
  return {};
}

}  // namespace flambeau
