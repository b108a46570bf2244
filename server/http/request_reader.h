// Checks and reads one HTTP/1.x request from bytes: strict framing, before any library sees it.
// Source: RFC 9112 (message syntax), RFC 9110 section 5 (fields).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/body_buffer.h"
#include "http/content_coding.h"
#include "http/inflater.h"

namespace flambeau {

struct RequestHead {
  std::string method;
  std::string path;  // raw, before '?'
  bool http_1_0 = false;
  bool keep_alive = true;
  bool expect_continue = false;
  bool chunked = false;
  uint64_t content_length = 0;
  ContentCoding coding = ContentCoding::kIdentity;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case, values raw
};

// Why a request was refused. The connection closes after the answer.
struct ReadError {
  int status = 400;
  std::string sentence;
};

enum class ReadEvent {
  kMore,    // all bytes are consumed and more are needed
  kHead,    // the blank line was read; feed again, with no bytes if there are none
  kDone,    // the request is whole; what is left of the bytes belongs to the next one
  kFailed,  // see error()
};

// Bytes in, events out; knows no socket and no time.
// Threads: one. Lifetime: one per connection, Reset between requests.
// Errors: kFailed, after which only error() and Reset are of use.
class RequestReader {
 public:
  struct Limits {
    size_t max_body_bytes;  // as sent, and as decoded
    size_t max_header_bytes;
    size_t max_header_count;
    size_t max_uri_bytes;
    size_t max_chunks;
  };

  explicit RequestReader(const Limits& limits, std::shared_ptr<BodyBudget> budget = nullptr)
      : limits_(limits), body_(std::move(budget)) {}

  // Takes bytes from the front of `data` until something happens.
  ReadEvent Feed(std::string_view* data);

  // Room for the next bytes of a body of known length, so that they are received in place; empty if
  // the reader is not at such a body. After BodyReceived, Feed.
  std::span<char> BodySpace();
  void BodyReceived(size_t bytes);
  // The body is compressed: a few bytes may become many, which takes time.
  bool inflating() const { return inflater_ != nullptr; }

  bool started() const { return started_; }  // the first byte of a request has been seen
  bool head_read() const { return state_ >= State::kFixedBody; }
  size_t body_bytes() const { return body_.size(); }  // decoded
  RequestHead& head() { return head_; }
  BodyBuffer& body() { return body_; }
  const ReadError& error() const { return error_; }
  void Reset();

 private:
  // The order matters: from kFixedBody on the head is read.
  enum class State {
    kRequestLine,
    kHeaders,
    kFailed,
    kFixedBody,
    kChunkSize,
    kChunkData,
    kChunkEnd,
    kTrailers,
    kDone,
  };

  // Each takes what it needs of `data`; nothing: go on in the new state.
  using Step = std::optional<ReadEvent>;
  Step ReadRequestLine(std::string_view* data);
  Step ReadHeaders(std::string_view* data);
  Step ReadFixedBody(std::string_view* data);
  Step ReadChunkSize(std::string_view* data);
  Step ReadChunkData(std::string_view* data);
  Step ReadChunkEnd(std::string_view* data);
  Step ReadTrailers(std::string_view* data);

  // A whole line without its CRLF; nothing: more is needed or it failed (`*step` says which).
  std::optional<std::string_view> TakeLine(std::string_view* data, size_t max, int too_long_status,
                                           const char* too_long, Step* step);
  Step TakeFieldLine(std::string_view* data, std::optional<std::string_view>* line);
  Step ParseRequestLine(std::string_view line);
  Step AddHeader(std::string_view line);
  Step CheckHead();
  Step CheckBodyLength();
  Step CheckTransferEncoding();
  Step CheckContentEncoding();
  Step StoreBody(std::string_view bytes);
  Step Inflate(std::string_view bytes);
  Step FinishBody();
  Step FailTooLarge();
  Step Fail(int status, std::string sentence);

  const Limits limits_;
  State state_ = State::kRequestLine;
  bool started_ = false;
  bool skipped_blank_line_ = false;
  bool line_in_partial_ = false;
  std::string partial_;  // the beginning of a line whose end has not come yet
  size_t field_bytes_ = 0;
  size_t field_count_ = 0;
  size_t chunks_ = 0;
  uint64_t chunk_left_ = 0;
  size_t received_ = 0;  // of the body, as sent
  RequestHead head_;
  BodyBuffer body_;
  std::unique_ptr<Inflater> inflater_;  // null: the body is stored as it comes
  ReadError error_;
};

}  // namespace flambeau
