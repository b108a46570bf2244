// SipHash-2-4 with 128 bits of output: a keyed hash whose collisions nobody can construct without
// the key. Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012, and its
// reference implementation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace flambeau {

struct Digest {
  uint64_t low = 0;
  uint64_t high = 0;
  bool operator==(const Digest&) const = default;
};

// Threads: one. Lifetime: a value. Errors: none.
class SipHash {
 public:
  using Key = std::array<uint64_t, 2>;

  // From the machine's random numbers.
  static Key RandomKey();

  explicit SipHash(const Key& key);
  // As if all bytes had come at once.
  void Update(const void* data, size_t size);
  // Once, after the last Update.
  Digest Finish();

 private:
  void Round();
  void Compress(uint64_t word);

  uint64_t v0_, v1_, v2_, v3_;
  uint64_t tail_ = 0;  // the bytes that do not yet make a word
  uint64_t size_ = 0;
};

}  // namespace flambeau
