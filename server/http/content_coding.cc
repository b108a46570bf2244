#include "http/content_coding.h"

#include <cstddef>

#include "http/grammar.h"

namespace flambeau {
namespace {

constexpr int kFullQuality = 1000;

// The weights of a list in thousandths; nothing for what it does not name.
struct Qualities {
  std::optional<int> gzip;
  std::optional<int> deflate;
  std::optional<int> identity;
  std::optional<int> any;
};

// "q=0.5" as 500. What is no weight counts as none: the list is a wish, and no error.
int ParseQuality(std::string_view parameter) {
  const size_t equals = parameter.find('=');
  if (equals == std::string_view::npos) return kFullQuality;
  if (!EqualsIgnoreCase(TrimBlanks(parameter.substr(0, equals)), "q")) return kFullQuality;
  const std::string_view text = TrimBlanks(parameter.substr(equals + 1));
  if (text.empty() || (text[0] != '0' && text[0] != '1')) return 0;
  if (text[0] == '1') return kFullQuality;
  int quality = 0;
  int place = 100;
  for (size_t i = 2; i < text.size() && place > 0; ++i, place /= 10) {
    if (text[i] < '0' || text[i] > '9') return 0;
    quality += (text[i] - '0') * place;
  }
  return quality;
}

void AddElement(std::string_view element, Qualities* qualities) {
  const size_t semicolon = element.find(';');
  const std::string_view name = TrimBlanks(element.substr(0, semicolon));
  const int quality = semicolon == std::string_view::npos
                          ? kFullQuality
                          : ParseQuality(TrimBlanks(element.substr(semicolon + 1)));
  if (name == "*") {
    qualities->any = quality;
  } else if (EqualsIgnoreCase(name, "gzip") || EqualsIgnoreCase(name, "x-gzip")) {
    qualities->gzip = quality;
  } else if (EqualsIgnoreCase(name, "deflate")) {
    qualities->deflate = quality;
  } else if (EqualsIgnoreCase(name, "identity")) {
    qualities->identity = quality;
  }
}

}  // namespace

std::string_view Name(ContentCoding coding) {
  switch (coding) {
    case ContentCoding::kGzip:
      return "gzip";
    case ContentCoding::kDeflate:
      return "deflate";
    case ContentCoding::kIdentity:
      break;
  }
  return "identity";
}

std::optional<ContentCoding> ParseCoding(std::string_view text) {
  if (text.empty() || EqualsIgnoreCase(text, "identity")) return ContentCoding::kIdentity;
  if (EqualsIgnoreCase(text, "gzip") || EqualsIgnoreCase(text, "x-gzip")) {
    return ContentCoding::kGzip;
  }
  if (EqualsIgnoreCase(text, "deflate")) return ContentCoding::kDeflate;
  return std::nullopt;
}

ContentCoding PreferredCoding(const std::vector<std::pair<std::string, std::string>>& headers) {
  Qualities qualities;
  for (const auto& [name, value] : headers) {
    if (name != "accept-encoding") continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const size_t comma = rest.find(',');
      AddElement(rest.substr(0, comma), &qualities);
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
  }
  const int gzip = qualities.gzip.value_or(qualities.any.value_or(0));
  const int deflate = qualities.deflate.value_or(qualities.any.value_or(0));
  const int best = gzip >= deflate ? gzip : deflate;
  // A body as it is costs nothing: it wins if it is liked better by name.
  if (best == 0 || qualities.identity.value_or(0) > best) return ContentCoding::kIdentity;
  return gzip >= deflate ? ContentCoding::kGzip : ContentCoding::kDeflate;
}

}  // namespace flambeau
