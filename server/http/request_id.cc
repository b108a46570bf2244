#include "http/request_id.h"

#include <random>

namespace flambeau {

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
