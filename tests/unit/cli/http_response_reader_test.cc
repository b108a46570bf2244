#include "cli/bench/http_response_reader.h"

#include <gtest/gtest.h>

namespace flambeau::client {
namespace {

using State = HttpResponseReader::State;

constexpr std::string_view kAnswer =
    "HTTP/1.1 200 OK\r\ncontent-length:  5 \r\nX-Request-Id: a\r\n\r\nhello";

State ReadAll(HttpResponseReader* reader, std::string_view text) {
  const State state = reader->Read(&text);
  EXPECT_TRUE(text.empty() || state == State::kBroken) << text;
  return state;
}

TEST(HttpResponseReaderTest, ReadsAnAnswerHoweverItIsCut) {
  for (size_t cut = 1; cut < kAnswer.size(); ++cut) {
    HttpResponseReader reader;
    EXPECT_EQ(ReadAll(&reader, kAnswer.substr(0, cut)), State::kMore) << cut;
    EXPECT_EQ(ReadAll(&reader, kAnswer.substr(cut)), State::kDone) << cut;
    EXPECT_EQ(reader.status(), 200);
    EXPECT_FALSE(reader.closes());
  }
  HttpResponseReader reader;
  for (size_t i = 0; i < kAnswer.size(); ++i) {
    EXPECT_EQ(ReadAll(&reader, kAnswer.substr(i, 1)),
              i + 1 == kAnswer.size() ? State::kDone : State::kMore);
  }
}

TEST(HttpResponseReaderTest, LeavesWhatIsTheNextAnswers) {
  std::string two(kAnswer);
  two += "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
  std::string_view data = two;
  HttpResponseReader reader;
  EXPECT_EQ(reader.Read(&data), State::kDone);
  EXPECT_TRUE(data.starts_with("HTTP/1.1 429"));
  EXPECT_EQ(reader.body(), "");  // of a 200 nobody wants it
  reader.Reset();
  EXPECT_EQ(reader.Read(&data), State::kDone);
  EXPECT_EQ(data, "");
  EXPECT_EQ(reader.status(), 429);
  EXPECT_TRUE(reader.closes());
  EXPECT_EQ(reader.body(), "{}");
}

TEST(HttpResponseReaderTest, KeepsTheBeginningOfAnErrorAlone) {
  const std::string answer =
      "HTTP/1.1 500 No\r\nContent-Length: 100000\r\n\r\n" + std::string(100000, 'x');
  HttpResponseReader reader;
  EXPECT_EQ(ReadAll(&reader, answer), State::kDone);
  EXPECT_EQ(reader.body(), std::string(1024, 'x'));
}

TEST(HttpResponseReaderTest, RefusesWhatItCannotEnd) {
  for (const std::string_view text :
       {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/2 200\r\nContent-Length: 5\r\n\r\n", "\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"}) {
    HttpResponseReader reader;
    EXPECT_EQ(ReadAll(&reader, text), State::kBroken) << text;
  }
  HttpResponseReader reader;
  EXPECT_EQ(ReadAll(&reader, std::string(70000, 'x')), State::kBroken);
}

TEST(HttpResponseReaderTest, AnAnswerInHttp10Closes) {
  HttpResponseReader reader;
  EXPECT_EQ(ReadAll(&reader, "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"), State::kDone);
  EXPECT_TRUE(reader.closes());
}

}  // namespace
}  // namespace flambeau::client
