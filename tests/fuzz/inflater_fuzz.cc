// Fuzzes the decoding of compressed bodies: whatever the bytes and wherever they are split, it
// keeps its limit and comes to the same end. Built with clang and -DFLAMBEAU_FUZZ=ON.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/inflater.h"

namespace {

constexpr size_t kLimit = size_t{64} << 10;

struct Ending {
  flambeau::Inflater::Fault fault = flambeau::Inflater::Fault::kNone;
  bool ended = false;
  std::string body;

  bool operator==(const Ending&) const = default;
};

void Require(bool condition) {
  if (!condition) std::abort();
}

Ending Decode(flambeau::ContentCoding coding, std::string_view bytes, size_t piece) {
  const auto inflater = flambeau::Inflater::Create(coding);
  flambeau::BodyBuffer out;
  Ending ending;
  while (!bytes.empty() && ending.fault == flambeau::Inflater::Fault::kNone) {
    ending.fault = inflater->Write(bytes.substr(0, piece), kLimit, &out);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    Require(out.size() <= kLimit);
  }
  ending.ended = inflater->ended();
  if (ending.fault == flambeau::Inflater::Fault::kNone) ending.body = out.Share().bytes;
  return ending;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const auto coding =
      data[0] % 2 == 0 ? flambeau::ContentCoding::kGzip : flambeau::ContentCoding::kDeflate;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  Require(Decode(coding, bytes, bytes.size() + 1) == Decode(coding, bytes, 1 + data[1]));
  return 0;
}
