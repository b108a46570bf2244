// Fuzzes the request reader: whatever the bytes and wherever they are split, it keeps its bounds
// and comes to the same end. Built with clang and -DFLAMBEAU_FUZZ=ON.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/request_reader.h"

namespace {

constexpr flambeau::RequestReader::Limits kLimits = {
    .max_body_bytes = 256,
    .max_header_bytes = 256,
    .max_header_count = 8,
    .max_uri_bytes = 64,
    .max_chunks = 8,
};

struct Ending {
  flambeau::ReadEvent event = flambeau::ReadEvent::kMore;
  int status = 0;
  std::string body;

  bool operator==(const Ending&) const = default;
};

void Require(bool condition) {
  if (!condition) std::abort();
}

Ending Read(std::string_view bytes, size_t piece_bytes) {
  flambeau::RequestReader reader(kLimits);
  Ending ending;
  while (!bytes.empty() && ending.event == flambeau::ReadEvent::kMore) {
    std::string_view piece = bytes.substr(0, piece_bytes);
    const size_t offered = piece.size();
    do {
      ending.event = reader.Feed(&piece);
    } while (ending.event == flambeau::ReadEvent::kHead);
    Require(piece.size() <= offered);
    Require(ending.event != flambeau::ReadEvent::kMore || piece.empty());
    bytes.remove_prefix(offered - piece.size());
    Require(reader.body().size() <= kLimits.max_body_bytes);
    Require(reader.head().headers.size() <= kLimits.max_header_count);
  }
  if (ending.event == flambeau::ReadEvent::kFailed) ending.status = reader.error().status;
  if (ending.event == flambeau::ReadEvent::kDone) ending.body = reader.body().Share().bytes;
  return ending;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Ending whole = Read(bytes, bytes.size() + 1);
  const Ending split = Read(bytes, 1 + data[0]);
  Require(whole == split);
  return 0;
}
