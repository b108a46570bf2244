// Codings of bodies: their names, decoding and encoding, with data that zlib made.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "http/content_coding.h"
#include "http/inflater.h"
#include "http/response_encoder.h"
#include "http/zlib_data.h"

namespace flambeau {
namespace {

constexpr size_t kNoLimit = size_t{1} << 30;
constexpr ContentCoding kCodings[] = {ContentCoding::kGzip, ContentCoding::kDeflate};

ContentCoding Preferred(const std::vector<std::string>& values) {
  std::vector<std::pair<std::string, std::string>> headers = {{"host", "gzip"}};
  for (const std::string& value : values) headers.emplace_back("accept-encoding", value);
  return PreferredCoding(headers);
}

TEST(ContentCodingTest, ParsesWhatItKnows) {
  EXPECT_EQ(ParseCoding(""), ContentCoding::kIdentity);
  EXPECT_EQ(ParseCoding("Identity"), ContentCoding::kIdentity);
  EXPECT_EQ(ParseCoding("GZIP"), ContentCoding::kGzip);
  EXPECT_EQ(ParseCoding("x-gzip"), ContentCoding::kGzip);
  EXPECT_EQ(ParseCoding("deflate"), ContentCoding::kDeflate);
  for (const char* text : {"br", "zstd", "gzip, gzip", "gzip;q=1", "gzi", "gzipx"}) {
    EXPECT_FALSE(ParseCoding(text).has_value()) << text;
  }
}

TEST(ContentCodingTest, PrefersWhatTheClientDoes) {
  constexpr auto kIdentity = ContentCoding::kIdentity;
  constexpr auto kGzip = ContentCoding::kGzip;
  constexpr auto kDeflate = ContentCoding::kDeflate;
  EXPECT_EQ(Preferred({}), kIdentity);
  EXPECT_EQ(Preferred({""}), kIdentity);
  EXPECT_EQ(Preferred({"gzip"}), kGzip);
  EXPECT_EQ(Preferred({"GZip"}), kGzip);
  EXPECT_EQ(Preferred({"deflate"}), kDeflate);
  EXPECT_EQ(Preferred({"deflate, gzip"}), kGzip);
  EXPECT_EQ(Preferred({"br;q=1.0, gzip;q=0.8, *;q=0.1"}), kGzip);
  EXPECT_EQ(Preferred({"gzip;q=0.2, deflate;q=0.25"}), kDeflate);
  EXPECT_EQ(Preferred({"gzip;q=0"}), kIdentity);
  EXPECT_EQ(Preferred({"gzip;q=0.000, deflate"}), kDeflate);
  EXPECT_EQ(Preferred({"gzip ; q=0.001"}), kGzip);
  EXPECT_EQ(Preferred({"gzip;Q=1"}), kGzip);
  EXPECT_EQ(Preferred({"*"}), kGzip);
  EXPECT_EQ(Preferred({"*;q=0"}), kIdentity);
  EXPECT_EQ(Preferred({"gzip;q=0, *"}), kDeflate);
  EXPECT_EQ(Preferred({"identity"}), kIdentity);
  EXPECT_EQ(Preferred({"identity;q=1, gzip;q=0.5"}), kIdentity);
  EXPECT_EQ(Preferred({"identity;q=0.5, gzip;q=0.5"}), kGzip);
  EXPECT_EQ(Preferred({"br", "deflate"}), kDeflate);
  EXPECT_EQ(Preferred({"br, zstd"}), kIdentity);
  for (const char* text : {"gzip;q=x", "gzip;q=", "gzip;q=-1", "gzip;q=2", ",,;,", "gzip;q=0.x"}) {
    EXPECT_EQ(Preferred({text}), kIdentity) << text;
  }
}

struct Inflated {
  Inflater::Fault fault = Inflater::Fault::kNone;
  bool ended = false;
  std::string bytes;
};

Inflated Inflate(std::string_view compressed, ContentCoding coding, size_t piece = kNoLimit,
                 size_t limit = kNoLimit) {
  const auto inflater = Inflater::Create(coding);
  BodyBuffer out;
  Inflated result;
  while (!compressed.empty() && result.fault == Inflater::Fault::kNone) {
    result.fault = inflater->Write(compressed.substr(0, piece), limit, &out);
    compressed.remove_prefix(std::min(piece, compressed.size()));
    EXPECT_LE(out.size(), limit);
  }
  result.ended = inflater->ended();
  result.bytes = out.Share().bytes;
  return result;
}

TEST(InflaterTest, DecodesWhateverThePieces) {
  for (const ContentCoding coding : kCodings) {
    for (const size_t size : {0, 1, 1000, 300000}) {
      const std::string plain = SampleText(size);
      const std::string compressed = Compress(plain, coding);
      for (const size_t piece : {size_t{1}, size_t{7}, size_t{4096}, kNoLimit}) {
        if (size > 1000 && piece < 4096) continue;
        const Inflated result = Inflate(compressed, coding, piece);
        EXPECT_EQ(result.fault, Inflater::Fault::kNone);
        EXPECT_TRUE(result.ended);
        EXPECT_TRUE(result.bytes == plain) << size << " in " << piece;
      }
    }
  }
}

TEST(InflaterTest, KnowsThatEveryPrefixIsNotWhole) {
  for (const ContentCoding coding : kCodings) {
    const std::string compressed = Compress(SampleText(400), coding);
    for (size_t i = 0; i < compressed.size(); ++i) {
      const Inflated result = Inflate(compressed.substr(0, i), coding);
      EXPECT_EQ(result.fault, Inflater::Fault::kNone) << i;
      EXPECT_FALSE(result.ended) << i;
    }
  }
}

TEST(InflaterTest, NoticesADamagedByteWhereverItIs) {
  for (const ContentCoding coding : kCodings) {
    const std::string plain = SampleText(200);
    const std::string compressed = Compress(plain, coding);
    for (size_t i = 0; i < compressed.size(); ++i) {
      // gzip's time, extra flags and system are not checked by anybody.
      if (coding == ContentCoding::kGzip && i >= 3 && i < 10) continue;
      std::string damaged = compressed;
      damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
      const Inflated result = Inflate(damaged, coding);
      EXPECT_TRUE(result.fault == Inflater::Fault::kCorrupt || !result.ended) << i;
    }
  }
}

TEST(InflaterTest, ReadsGzipMembersOneAfterAnother) {
  const std::string two = Compress("one", ContentCoding::kGzip) +
                          Compress("", ContentCoding::kGzip) +
                          Compress("two", ContentCoding::kGzip);
  for (const size_t piece : {size_t{1}, size_t{5}, kNoLimit}) {
    const Inflated result = Inflate(two, ContentCoding::kGzip, piece);
    EXPECT_EQ(result.fault, Inflater::Fault::kNone);
    EXPECT_TRUE(result.ended);
    EXPECT_EQ(result.bytes, "onetwo");
  }
  EXPECT_FALSE(Inflate(two.substr(0, two.size() - 1), ContentCoding::kGzip).ended);
}

TEST(InflaterTest, RefusesWhatFollowsTheEnd) {
  for (const ContentCoding coding : kCodings) {
    const std::string compressed = Compress("abc", coding) + "more";
    EXPECT_EQ(Inflate(compressed, coding).fault, Inflater::Fault::kCorrupt);
    EXPECT_EQ(Inflate(compressed, coding, 1).fault, Inflater::Fault::kCorrupt);
  }
}

TEST(InflaterTest, TheFormatsAreNotTakenForOneAnother) {
  EXPECT_EQ(Inflate(Compress("abc", ContentCoding::kGzip), ContentCoding::kDeflate).fault,
            Inflater::Fault::kCorrupt);
  EXPECT_EQ(Inflate(Compress("abc", ContentCoding::kDeflate), ContentCoding::kGzip).fault,
            Inflater::Fault::kCorrupt);
}

TEST(InflaterTest, StopsABombAtTheLimit) {
  for (const ContentCoding coding : kCodings) {
    const std::string bomb = Compress(std::string(size_t{32} << 20, ' '), coding);
    ASSERT_LT(bomb.size(), size_t{64} << 10);
    for (const size_t limit : {size_t{0}, size_t{1}, size_t{100000}, size_t{1} << 20}) {
      const Inflated result = Inflate(bomb, coding, kNoLimit, limit);
      EXPECT_EQ(result.fault, Inflater::Fault::kTooLarge);
      EXPECT_EQ(result.bytes.size(), limit);
    }
  }
}

TEST(InflaterTest, TheLimitItselfIsAllowed) {
  for (const ContentCoding coding : kCodings) {
    for (const size_t size : {1000, 65536, 100000}) {
      const std::string compressed = Compress(SampleText(size), coding);
      EXPECT_EQ(Inflate(compressed, coding, kNoLimit, size).fault, Inflater::Fault::kNone);
      EXPECT_TRUE(Inflate(compressed, coding, kNoLimit, size).ended);
      EXPECT_EQ(Inflate(compressed, coding, kNoLimit, size - 1).fault, Inflater::Fault::kTooLarge);
    }
  }
}

TEST(InflaterTest, WithoutMemoryItSaysSo) {
  const auto inflater = Inflater::Create(ContentCoding::kGzip);
  BodyBuffer out(std::make_shared<BodyBudget>(size_t{64} << 10));
  EXPECT_EQ(
      inflater->Write(Compress(std::string(1 << 20, 'a'), ContentCoding::kGzip), kNoLimit, &out),
      Inflater::Fault::kNoMemory);
}

HttpResponse Encode(ContentCoding coding, const std::string& body, bool may = true) {
  HttpResponse response;
  response.body = body;
  response.may_compress = may;
  const auto encoder = ResponseEncoder::Create(coding, &response);
  if (encoder == nullptr) return response;
  while (!encoder->Step()) {
  }
  return encoder->Take();
}

std::string HeaderOf(const HttpResponse& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

TEST(ResponseEncoderTest, EncodesWhatIsWorthIt) {
  for (const ContentCoding coding : kCodings) {
    for (const size_t size :
         {ResponseEncoder::kMinBytes, size_t{65536}, size_t{65537}, size_t{1} << 20}) {
      const std::string plain = SampleText(size);
      const HttpResponse response = Encode(coding, plain);
      EXPECT_LT(response.body.size(), plain.size());
      EXPECT_TRUE(Decompress(response.body, coding) == plain);
      EXPECT_EQ(HeaderOf(response, "Content-Encoding"), Name(coding));
      EXPECT_EQ(HeaderOf(response, "Vary"), "Accept-Encoding");
    }
  }
}

TEST(ResponseEncoderTest, LeavesTheRestAsItIs) {
  const std::string large = SampleText(5000);
  const HttpResponse small =
      Encode(ContentCoding::kGzip, SampleText(ResponseEncoder::kMinBytes - 1));
  EXPECT_EQ(small.body, SampleText(ResponseEncoder::kMinBytes - 1));
  EXPECT_TRUE(small.headers.empty());
  const HttpResponse identity = Encode(ContentCoding::kIdentity, large);
  EXPECT_EQ(identity.body, large);
  EXPECT_EQ(HeaderOf(identity, "Content-Encoding"), "");
  EXPECT_EQ(HeaderOf(identity, "Vary"), "Accept-Encoding");
  const HttpResponse stream = Encode(ContentCoding::kGzip, large, /*may=*/false);
  EXPECT_EQ(stream.body, large);
  EXPECT_TRUE(stream.headers.empty());
}

TEST(ResponseEncoderTest, GivesUpOnWhatDoesNotShrink) {
  std::string noise = Compress(SampleText(size_t{2} << 20), ContentCoding::kGzip);
  ASSERT_GT(noise.size(), size_t{300} << 10);
  HttpResponse response;
  response.body = noise;
  response.may_compress = true;
  const auto encoder = ResponseEncoder::Create(ContentCoding::kGzip, &response);
  ASSERT_NE(encoder, nullptr);
  EXPECT_TRUE(encoder->Step());
  const HttpResponse answer = encoder->Take();
  EXPECT_TRUE(answer.body == noise);
  EXPECT_EQ(HeaderOf(answer, "Content-Encoding"), "");
}

}  // namespace
}  // namespace flambeau
