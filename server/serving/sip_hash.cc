#include "serving/sip_hash.h"

#include <cstring>
#include <random>

namespace flambeau {
namespace {

constexpr int kFinalRounds = 4;

uint64_t Rotate(uint64_t word, int bits) { return (word << bits) | (word >> (64 - bits)); }

uint64_t ReadWord(const unsigned char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

}  // namespace

SipHash::Key SipHash::RandomKey() {
  std::random_device device;
  const auto word = [&device] { return (uint64_t{device()} << 32) | device(); };
  const uint64_t first = word();
  return {first, word()};
}

SipHash::SipHash(const Key& key)
    : v0_(0x736f6d6570736575 ^ key[0]),
      v1_(0x646f72616e646f6d ^ key[1] ^ 0xee),
      v2_(0x6c7967656e657261 ^ key[0]),
      v3_(0x7465646279746573 ^ key[1]) {}

void SipHash::Round() {
  v0_ += v1_;
  v1_ = Rotate(v1_, 13) ^ v0_;
  v0_ = Rotate(v0_, 32);
  v2_ += v3_;
  v3_ = Rotate(v3_, 16) ^ v2_;
  v0_ += v3_;
  v3_ = Rotate(v3_, 21) ^ v0_;
  v2_ += v1_;
  v1_ = Rotate(v1_, 17) ^ v2_;
  v2_ = Rotate(v2_, 32);
}

void SipHash::Compress(uint64_t word) {
  v3_ ^= word;
  Round();
  Round();
  v0_ ^= word;
}

void SipHash::Update(const void* data, size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  size_t held = size_ % 8;
  size_ += size;
  while (size > 0 && held != 0) {
    tail_ |= uint64_t{*bytes++} << (8 * held);
    --size;
    if (++held < 8) continue;
    Compress(tail_);
    tail_ = 0;
    held = 0;
  }
  for (; size >= 8; size -= 8, bytes += 8) Compress(ReadWord(bytes));
  for (; size > 0; --size) tail_ |= uint64_t{*bytes++} << (8 * held++);
}

Digest SipHash::Finish() {
  Compress(tail_ | (size_ << 56));
  v2_ ^= 0xee;
  for (int i = 0; i < kFinalRounds; ++i) Round();
  Digest digest;
  digest.low = v0_ ^ v1_ ^ v2_ ^ v3_;
  v1_ ^= 0xdd;
  for (int i = 0; i < kFinalRounds; ++i) Round();
  digest.high = v0_ ^ v1_ ^ v2_ ^ v3_;
  return digest;
}

}  // namespace flambeau
