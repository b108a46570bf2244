#include "http/request_id.h"

#include <algorithm>
#include <random>

namespace flambeau {

bool IsRequestId(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

RequestIdSource::RequestIdSource() {
  std::random_device random;
  state_ = static_cast<uint64_t>(random()) << 32 | random();
}

std::string RequestIdSource::Next() {
  // splitmix64: every value once before any comes again.
  uint64_t mixed = state_ += 0x9e3779b97f4a7c15u;
  mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
  mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
  mixed ^= mixed >> 31;
  std::string id(16, '0');
  for (char& c : id) {
    c = "0123456789abcdef"[mixed & 15];
    mixed >>= 4;
  }
  return id;
}

}  // namespace flambeau
