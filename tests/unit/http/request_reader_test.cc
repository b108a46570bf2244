#include "http/request_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codec/json_numbers.h"
#include "http/zlib_data.h"

namespace flambeau {
namespace {

constexpr RequestReader::Limits kLimits = {
    .max_body_bytes = 64,
    .max_header_bytes = 256,
    .max_header_count = 5,
    .max_uri_bytes = 40,
    .max_chunks = 4,
};

// What a reader made of some bytes.
struct Reading {
  bool done = false;
  bool more = false;
  int status = 0;
  std::string sentence;
  RequestHead head;
  std::string body;
  std::string rest;
  bool padded = false;
};

// Feeds `pieces` one after the other until the request is whole or refused.
Reading Read(const std::vector<std::string>& pieces) {
  RequestReader reader(kLimits);
  Reading reading;
  for (size_t i = 0; i < pieces.size(); ++i) {
    std::string_view data = pieces[i];
    ReadEvent event = reader.Feed(&data);
    if (event == ReadEvent::kHead) event = reader.Feed(&data);
    reading.more = event == ReadEvent::kMore;
    if (event == ReadEvent::kMore) {
      EXPECT_TRUE(data.empty());
      continue;
    }
    reading.done = event == ReadEvent::kDone;
    reading.status = reader.error().status;
    reading.sentence = reader.error().sentence;
    reading.head = reader.head();
    if (reading.done) {
      const BodyBuffer::Shared body = reader.body().Share();
      reading.body = body.bytes;
      reading.padded = std::string_view(body.bytes.data() + body.bytes.size(), kJsonPadding) ==
                       std::string(kJsonPadding, '\0');
    }
    reading.rest = data;
    for (++i; i < pieces.size(); ++i) reading.rest += pieces[i];
  }
  return reading;
}

std::vector<std::string> Bytes(const std::string& text) {
  std::vector<std::string> bytes;
  for (char c : text) bytes.emplace_back(1, c);
  return bytes;
}

const std::string kHost = "Host: a\r\n";

std::string Post(const std::string& headers, const std::string& body) {
  return "POST /p HTTP/1.1\r\n" + kHost + headers + "\r\n" + body;
}

std::string Compressed(const std::string& coding, const std::string& body) {
  return Post(
      "Content-Encoding: " + coding + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n",
      body);
}

std::string Chunk(const std::string& bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  return std::string{kDigits[bytes.size() / 16], kDigits[bytes.size() % 16]} + "\r\n" + bytes +
         "\r\n";
}

struct Refusal {
  const char* name;
  std::string bytes;
  int status;
};

std::vector<Refusal> Refusals() {
  const std::string nul(1, '\0');
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  std::vector<Refusal> rows = {
      {"no method", " /p HTTP/1.1\r\n", 400},
      {"TLS hello", "\x16\x03\x01\x02", 400},
      {"no version", "GET /p\r\n", 400},
      {"HTTP/0.9", "GET /p HTTP/0.9\r\n", 505},
      {"HTTP/1.2", "GET /p HTTP/1.2\r\n", 505},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n", 505},
      {"version in lower case", "GET /p http/1.1\r\n", 400},
      {"version with rubbish", "GET /p HTTP/1.1x\r\n", 400},
      {"version without minor", "GET /p HTTP/1\r\n", 400},
      {"two spaces before the target", "GET  /p HTTP/1.1\r\n", 400},
      {"two spaces after the target", "GET /p  HTTP/1.1\r\n", 400},
      {"space in the target", "GET /p q HTTP/1.1\r\n", 400},
      {"tab for a space", "GET\t/p HTTP/1.1\r\n", 400},
      {"relative path", "GET p HTTP/1.1\r\n", 400},
      {"absolute form", "GET http://a/p HTTP/1.1\r\n", 400},
      {"asterisk", "OPTIONS * HTTP/1.1\r\n", 400},
      {"fragment", "GET /p#f HTTP/1.1\r\n", 400},
      {"byte above ASCII in the target", "GET /\xc3\xa9 HTTP/1.1\r\n", 400},
      {"NUL in the target", "GET /p" + nul + " HTTP/1.1\r\n", 400},
      {"CR in the target", "GET /p\rq HTTP/1.1\r\n", 400},
      {"bad method", "G(T /p HTTP/1.1\r\n", 400},
      {"long method", std::string(33, 'A') + " /p HTTP/1.1\r\n", 400},
      {"bare LF ends the request line", "GET /p HTTP/1.1\nHost: a\r\n\r\n", 400},
      {"two blank lines first", "\r\n\r\n", 400},
      {"URI too long", "GET /" + std::string(40, 'p') + " HTTP/1.1\r\n", 414},
      {"URI too long, endless", "GET /" + std::string(400, 'p'), 414},

      {"no Host", "GET /p HTTP/1.1\r\n\r\n", 400},
      {"two Hosts", Post("Host: b\r\n", ""), 400},
      {"space before the colon", Post("A : b\r\n", ""), 400},
      {"no colon", Post("A b\r\n", ""), 400},
      {"no name", Post(": b\r\n", ""), 400},
      {"name with a control character", Post("A\x01: b\r\n", ""), 400},
      {"folded header", Post("A: b\r\n c\r\n", ""), 400},
      {"folded first header", "GET /p HTTP/1.1\r\n Host: a\r\n\r\n", 400},
      {"NUL in a value", Post("A: b" + nul + "c\r\n", ""), 400},
      {"CR in a value", Post("A: b\rc\r\n", ""), 400},
      {"LF in a value", Post("A: b\nContent-Length: 3\r\n", ""), 400},
      {"DEL in a value", Post("A: \x7f\r\n", ""), 400},
      {"too many headers", Post("A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\n", ""), 431},
      {"header too long", Post("A: " + std::string(300, 'b') + "\r\n", ""), 431},
      {"header too long, endless", "GET /p HTTP/1.1\r\nA: " + std::string(300, 'b'), 431},
      {"headers too long together",
       Post("A: " + std::string(130, 'b') + "\r\nB: " + std::string(130, 'b') + "\r\n", ""), 431},

      {"Content-Length of text", Post("Content-Length: x\r\n", ""), 400},
      {"Content-Length empty", Post("Content-Length:\r\n", ""), 400},
      {"Content-Length negative", Post("Content-Length: -1\r\n", ""), 400},
      {"Content-Length with a plus", Post("Content-Length: +1\r\n", ""), 400},
      {"Content-Length hexadecimal", Post("Content-Length: 0x1\r\n", ""), 400},
      {"Content-Length with a fraction", Post("Content-Length: 1.0\r\n", ""), 400},
      {"Content-Length list", Post("Content-Length: 1, 1\r\n", ""), 400},
      {"Content-Length twice", Post("Content-Length: 1\r\nContent-Length: 1\r\n", ""), 400},
      {"Content-Length twice, other case", Post("Content-Length: 1\r\ncontent-length: 1\r\n", ""),
       400},
      {"Content-Length over the limit", Post("Content-Length: 65\r\n", ""), 413},
      {"Content-Length 10^18", Post("Content-Length: 1000000000000000000\r\n", ""), 413},
      {"Content-Length over 64 bits", Post("Content-Length: 99999999999999999999999\r\n", ""), 413},
      {"Content-Length with Transfer-Encoding", Post("Content-Length: 0\r\n" + chunked, ""), 400},
      {"Transfer-Encoding twice", Post(chunked + chunked, ""), 400},
      {"Transfer-Encoding gzip", Post("Transfer-Encoding: gzip, chunked\r\n", ""), 501},
      {"Transfer-Encoding identity", Post("Transfer-Encoding: identity\r\n", ""), 501},
      {"Transfer-Encoding xchunked", Post("Transfer-Encoding: xchunked\r\n", ""), 501},
      {"Transfer-Encoding in HTTP/1.0", "POST /p HTTP/1.0\r\n" + chunked + "\r\n", 400},
      {"Content-Encoding list", Post("Content-Encoding: gzip, gzip\r\nContent-Length: 1\r\n", ""),
       415},
      {"gzip that is none", Post("Content-Encoding: gzip\r\nContent-Length: 3\r\n", "abc"), 400},
      {"gzip that ends early",
       Post("Content-Encoding: gzip\r\nContent-Length: 9\r\n",
            Compress("abc", ContentCoding::kGzip).substr(0, 9)),
       400},
      {"gzip of too much", Compressed("gzip", Compress(std::string(65, 'a'), ContentCoding::kGzip)),
       413},
      {"zlib of too much, in chunks",
       Post(chunked + "Content-Encoding: deflate\r\n",
            Chunk(Compress(std::string(1 << 15, 'a'), ContentCoding::kDeflate)) + "0\r\n\r\n"),
       413},
      {"Content-Encoding unknown", Post("Content-Encoding: zebra\r\n", ""), 415},
      {"Expect of something else", Post("Expect: tea\r\n", ""), 417},

      {"chunk size negative", Post(chunked, "-2\r\n"), 400},
      {"chunk size 0x2", Post(chunked, "0x2\r\n"), 400},
      {"chunk size 0x", Post(chunked, "0x\r\n"), 400},
      {"chunk size empty", Post(chunked, "\r\n"), 400},
      {"chunk size of only an extension", Post(chunked, ";a\r\n"), 400},
      {"chunk size with a plus", Post(chunked, "+2\r\n"), 400},
      {"chunk size with a blank", Post(chunked, "2 \r\n"), 400},
      {"chunk size after a blank", Post(chunked, " 2\r\n"), 400},
      {"chunk size of 17 digits", Post(chunked, "00000000000000002\r\n"), 400},
      {"chunk size over 64 bits", Post(chunked, "10000000000000001\r\n"), 400},
      {"chunk size of all ones", Post(chunked, "ffffffffffffffff\r\n"), 413},
      {"chunk over the limit", Post(chunked, "41\r\n"), 413},
      {"chunks over the limit together", Post(chunked, "3\r\nabc\r\n3e\r\n"), 413},
      {"chunk shorter than its size", Post(chunked, "3\r\nab\r\n0\r\n\r\n"), 400},
      {"chunk longer than its size", Post(chunked, "3\r\nabcd\r\n"), 400},
      {"chunk ends with a bare LF", Post(chunked, "3\r\nabc\n"), 400},
      {"chunk size ends with a bare LF", Post(chunked, "3\nabc"), 400},
      {"chunk extension endless", Post(chunked, "3;" + std::string(300, 'x')), 400},
      {"chunk extension with NUL", Post(chunked, "3;" + nul + "\r\n"), 400},
      {"too many chunks",
       Post(chunked, "1\r\na\r\n1\r\na\r\n1\r\na\r\n1\r\na\r\n1\r\na\r\n0\r\n\r\n"), 400},
      {"bad trailer", Post(chunked, "0\r\nA b\r\n\r\n"), 400},
      {"trailers too large", Post(chunked, "0\r\nA: " + std::string(300, 'b') + "\r\n\r\n"), 431},
  };
  return rows;
}

TEST(RequestReaderTest, RefusesEachFramingFaultWithItsCode) {
  for (const Refusal& row : Refusals()) {
    const Reading reading = Read({row.bytes});
    EXPECT_EQ(reading.status, row.status) << row.name;
    EXPECT_FALSE(reading.done) << row.name;
    EXPECT_FALSE(reading.more) << row.name;
    EXPECT_FALSE(reading.sentence.empty()) << row.name;
  }
}

TEST(RequestReaderTest, RefusesTheSameWhenBytesComeOneByOne) {
  for (const Refusal& row : Refusals()) {
    const Reading reading = Read(Bytes(row.bytes));
    EXPECT_EQ(reading.status, row.status) << row.name;
    EXPECT_FALSE(reading.sentence.empty()) << row.name;
  }
}

TEST(RequestReaderTest, RefusesTheSameWhereverTheBytesAreSplit) {
  for (const Refusal& row : Refusals()) {
    const Reading whole = Read({row.bytes});
    for (size_t i = 1; i < row.bytes.size(); ++i) {
      const Reading split = Read({row.bytes.substr(0, i), row.bytes.substr(i)});
      ASSERT_EQ(split.status, whole.status) << row.name << " split at " << i;
      ASSERT_EQ(split.sentence, whole.sentence) << row.name << " split at " << i;
    }
  }
}

struct Acceptance {
  const char* name;
  std::string bytes;
  std::string method;
  std::string path;
  std::string body;
  bool keep_alive = true;
};

std::vector<Acceptance> Acceptances() {
  const std::string chunked = "Transfer-Encoding: Chunked\r\n";
  return {
      {"no body", "GET /v2 HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/v2", ""},
      {"blank line first", "\r\nGET /v2 HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/v2", ""},
      {"query", "GET /v2?a=b?c HTTP/1.1\r\nHost:\r\n\r\n", "GET", "/v2", ""},
      {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", "GET", "/", "", false},
      {"HTTP/1.0 kept", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET", "/", ""},
      {"close", Post("Connection: x, Close\r\n", ""), "POST", "/p", "", false},
      {"close beats keep-alive", Post("Connection: close, keep-alive\r\n", ""), "POST", "/p", "",
       false},
      {"length", Post("Content-Length: 3\r\n", "abc"), "POST", "/p", "abc"},
      {"length zero", Post("Content-Length: 0\r\n", ""), "POST", "/p", ""},
      {"length with leading zeros", Post("Content-Length: 003\r\n", "abc"), "POST", "/p", "abc"},
      {"length at the limit", Post("Content-Length: 64\r\n", std::string(64, 'a')), "POST", "/p",
       std::string(64, 'a')},
      {"body of CR LF", Post("Content-Length: 4\r\n", "\r\n\r\n"), "POST", "/p", "\r\n\r\n"},
      {"chunks", Post(chunked, "3\r\nabc\r\n00a\r\n0123456789\r\n0\r\n\r\n"), "POST", "/p",
       "abc0123456789"},
      {"chunks of CR LF", Post(chunked, "2\r\n\r\n\r\n0\r\n\r\n"), "POST", "/p", "\r\n"},
      {"no chunks", Post(chunked, "0\r\n\r\n"), "POST", "/p", ""},
      {"chunk extension and trailer", Post(chunked, "2;a=\"b\"\r\nab\r\n0;x\r\nT: 1\r\n\r\n"),
       "POST", "/p", "ab"},
      {"identity", Post("Content-Encoding: Identity\r\nContent-Length: 1\r\n", "a"), "POST", "/p",
       "a"},
      {"gzip", Compressed("GZip", Compress("abc", ContentCoding::kGzip)), "POST", "/p", "abc"},
      {"zlib", Compressed("deflate", Compress("abc", ContentCoding::kDeflate)), "POST", "/p",
       "abc"},
      {"gzip up to the limit",
       Compressed("x-gzip", Compress(std::string(64, 'a'), ContentCoding::kGzip)), "POST", "/p",
       std::string(64, 'a')},
      {"gzip of nothing", Compressed("gzip", Compress("", ContentCoding::kGzip)), "POST", "/p", ""},
      {"gzip without a body", Post("Content-Encoding: gzip\r\n", ""), "POST", "/p", ""},
      {"gzip in chunks",
       Post(chunked + "Content-Encoding: gzip\r\n",
            Chunk(Compress("abcabc", ContentCoding::kGzip).substr(0, 5)) +
                Chunk(Compress("abcabc", ContentCoding::kGzip).substr(5)) + "0\r\n\r\n"),
       "POST", "/p", "abcabc"},
      {"empty Expect", Post("Expect:\r\nContent-Length: 1\r\n", "a"), "POST", "/p", "a"},
      {"headers at the count", Post("A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\n", ""), "POST", "/p", ""},
      {"URI at the limit", "GET /" + std::string(39, 'p') + " HTTP/1.1\r\nHost: a\r\n\r\n", "GET",
       "/" + std::string(39, 'p'), ""},
  };
}

void ExpectAccepted(const Acceptance& row, const Reading& reading, const std::string& rest) {
  ASSERT_TRUE(reading.done) << row.name << ": " << reading.sentence;
  EXPECT_EQ(reading.head.method, row.method) << row.name;
  EXPECT_EQ(reading.head.path, row.path) << row.name;
  EXPECT_EQ(reading.head.keep_alive, row.keep_alive) << row.name;
  EXPECT_EQ(reading.body, row.body) << row.name;
  EXPECT_TRUE(reading.padded) << row.name;
  EXPECT_EQ(reading.rest, rest) << row.name;
}

TEST(RequestReaderTest, ReadsAWholeRequestAndLeavesTheNextOne) {
  for (const Acceptance& row : Acceptances()) {
    ExpectAccepted(row, Read({row.bytes + "GET /next"}), "GET /next");
  }
}

TEST(RequestReaderTest, ReadsTheSameWhereverTheBytesAreSplit) {
  for (const Acceptance& row : Acceptances()) {
    ExpectAccepted(row, Read(Bytes(row.bytes)), "");
    for (size_t i = 1; i < row.bytes.size(); ++i) {
      ExpectAccepted(row, Read({row.bytes.substr(0, i), row.bytes.substr(i)}), "");
    }
  }
}

TEST(RequestReaderTest, AsksForMoreAfterEveryPrefix) {
  for (const Acceptance& row : Acceptances()) {
    for (size_t i = 1; i < row.bytes.size(); ++i) {
      EXPECT_TRUE(Read({row.bytes.substr(0, i)}).more) << row.name << " cut at " << i;
    }
  }
}

TEST(RequestReaderTest, KeepsHeaderValuesRawAndNamesInLowerCase) {
  const Reading reading = Read({Post("X-A: \t a%0D%0Ab \xc3\xa9 \t\r\nX-B:\r\n", "")});
  ASSERT_TRUE(reading.done);
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"host", "a"}, {"x-a", "a%0D%0Ab \xc3\xa9"}, {"x-b", ""}};
  EXPECT_EQ(reading.head.headers, expected);
}

TEST(RequestReaderTest, SaysThatTheClientWaitsForContinue) {
  RequestReader reader(kLimits);
  const std::string bytes = Post("Expect: 100-Continue\r\nContent-Length: 3\r\n", "");
  std::string_view data = bytes;
  ASSERT_EQ(reader.Feed(&data), ReadEvent::kHead);
  EXPECT_TRUE(reader.head().expect_continue);
  EXPECT_EQ(reader.Feed(&data), ReadEvent::kMore);
}

TEST(RequestReaderTest, ReceivesABodyOfKnownLengthInPlace) {
  RequestReader reader(kLimits);
  const std::string bytes = Post("Content-Length: 6\r\n", "ab");
  std::string_view data = bytes;
  EXPECT_TRUE(reader.BodySpace().empty());
  ASSERT_EQ(reader.Feed(&data), ReadEvent::kHead);
  ASSERT_EQ(reader.Feed(&data), ReadEvent::kMore);
  const std::span<char> space = reader.BodySpace();
  ASSERT_EQ(space.size(), 4u);
  std::copy_n("cdef", 4, space.begin());
  reader.BodyReceived(4);
  ASSERT_EQ(reader.Feed(&data), ReadEvent::kDone);
  EXPECT_TRUE(reader.BodySpace().empty());
  EXPECT_EQ(reader.body().Share().bytes, "abcdef");
}

TEST(RequestReaderTest, ReadsAnotherRequestAfterReset) {
  RequestReader reader(kLimits);
  for (int i = 0; i < 3; ++i) {
    const std::string bytes = Post("Content-Length: 1\r\n", std::to_string(i));
    std::string_view data = bytes;
    ASSERT_EQ(reader.Feed(&data), ReadEvent::kHead);
    ASSERT_EQ(reader.Feed(&data), ReadEvent::kDone);
    EXPECT_EQ(reader.body().Share().bytes, std::to_string(i));
    EXPECT_EQ(reader.head().headers.size(), 2u);
    reader.Reset();
    EXPECT_FALSE(reader.started());
  }
}

TEST(RequestReaderTest, ACompressedBodyIsNotReceivedInPlace) {
  RequestReader reader(kLimits);
  const std::string bytes = Post("Content-Encoding: gzip\r\nContent-Length: 30\r\n", "");
  std::string_view data = bytes;
  ASSERT_EQ(reader.Feed(&data), ReadEvent::kHead);
  EXPECT_TRUE(reader.inflating());
  EXPECT_TRUE(reader.BodySpace().empty());
}

TEST(BodyBufferTest, TakesFromTheBudgetAndGivesBack) {
  constexpr size_t kBytes = size_t{64} << 10;
  const auto budget = std::make_shared<BodyBudget>(kBytes);
  BodyBuffer first(budget);
  ASSERT_TRUE(first.Append(std::string(kBytes, 'a')));
  EXPECT_EQ(budget->left(), 0u);
  {
    BodyBuffer second(budget);
    EXPECT_FALSE(second.Append("b"));
  }
  BodyBuffer::Shared body = first.Share();
  EXPECT_EQ(budget->left(), 0u);
  body.owner.reset();
  EXPECT_EQ(budget->left(), kBytes);
  EXPECT_TRUE(first.Append("b"));
  EXPECT_LT(budget->left(), kBytes);
}

TEST(BodyBufferTest, GrowsWithWhatIsReceivedNotWithWhatIsClaimed) {
  BodyBuffer body;
  const size_t claimed = size_t{1} << 30;
  std::span<char> space = body.Space(claimed);
  EXPECT_LE(space.size(), size_t{16} << 10);
  size_t received = 0;
  while (received < (size_t{1} << 20)) {
    space = body.Space(claimed - received);
    ASSERT_LE(space.size(), std::max(received, size_t{16} << 10));
    body.Commit(space.size());
    received += space.size();
  }
  EXPECT_EQ(body.size(), received);
}

}  // namespace
}  // namespace flambeau
