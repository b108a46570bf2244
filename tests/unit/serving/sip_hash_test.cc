#include "serving/sip_hash.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace flambeau {
namespace {

// The reference implementation's key, 00 01 ... 0f; its inputs are 00 01 02 ... of each length.
const SipHash::Key kKey = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

std::vector<unsigned char> Input(size_t size) {
  std::vector<unsigned char> bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(i);
  return bytes;
}

Digest HashOf(size_t size) {
  SipHash hash(kKey);
  const auto bytes = Input(size);
  hash.Update(bytes.data(), bytes.size());
  return hash.Finish();
}

TEST(SipHash, GivesTheReferencesDigests) {
  EXPECT_EQ(HashOf(0), (Digest{0xe6a825ba047f81a3, 0x930255c71472f66d}));
  EXPECT_EQ(HashOf(1), (Digest{0x44af996bd8c187da, 0x45fc229b11597634}));
}

TEST(SipHash, PiecesGiveTheDigestOfTheWhole) {
  const auto bytes = Input(61);
  for (size_t step = 1; step < 30; ++step) {
    SipHash hash(kKey);
    for (size_t at = 0; at < bytes.size(); at += step) {
      hash.Update(bytes.data() + at, std::min(step, bytes.size() - at));
    }
    EXPECT_EQ(hash.Finish(), HashOf(61)) << step;
  }
}

TEST(SipHash, LengthsAndKeysDiffer) {
  EXPECT_NE(HashOf(8).low, HashOf(9).low);
  SipHash other(SipHash::RandomKey());
  EXPECT_NE(other.Finish(), HashOf(0));
  EXPECT_NE(SipHash::RandomKey(), SipHash::RandomKey());
}

}  // namespace
}  // namespace flambeau
