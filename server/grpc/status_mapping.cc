#include "grpc/status_mapping.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "base/sentence.h"

namespace flambeau {
namespace {

constexpr size_t kMaxSentence = 512;

// A sentence may quote what the client sent: control characters are not for its terminal, and a cut
// must not split a UTF-8 character.
std::string Printable(std::string_view sentence) {
  const bool cut = sentence.size() > kMaxSentence;
  size_t size = cut ? kMaxSentence : sentence.size();
  while (cut && size > 0 && (static_cast<unsigned char>(sentence[size]) & 0xC0) == 0x80) --size;
  std::string text(sentence.substr(0, size));
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) c = '?';
  }
  if (cut) text += "...";
  return text;
}

}  // namespace

grpc::Status ToGrpcStatus(const Status& status) {
  if (status.ok()) return grpc::Status::OK;
  // Abseil's codes are gRPC's canonical ones, number for number.
  return {static_cast<grpc::StatusCode>(status.raw_code()), Printable(AsSentence(Message(status)))};
}

}  // namespace flambeau
