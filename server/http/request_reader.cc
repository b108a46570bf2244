#include "http/request_reader.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "http/grammar.h"

namespace flambeau {
namespace {

// Beside the target: a method, two spaces, the version.
constexpr size_t kRequestLineSlack = 64;
constexpr size_t kMaxMethodBytes = 32;

// Headers that this server acts on: two of them leave open which one counts.
constexpr std::array<std::string_view, 9> kSingletons = {
    "content-length",   "transfer-encoding",    "host",
    "content-encoding", "content-type",         "expect",
    "x-request-id",     "x-request-timeout-ms", "inference-header-content-length"};

bool IsSingleton(std::string_view name) {
  return std::find(kSingletons.begin(), kSingletons.end(), name) != kSingletons.end();
}

const std::string* Find(const RequestHead& head, std::string_view name) {
  for (const auto& [key, value] : head.headers) {
    if (key == name) return &value;
  }
  return nullptr;
}

bool IsHttpVersion(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return text.size() == 8 && text.substr(0, 5) == "HTTP/" && digit(text[5]) && text[6] == '.' &&
         digit(text[7]);
}

bool IsTarget(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; }) &&
         text.find('#') == std::string_view::npos;
}

}  // namespace

ReadEvent RequestReader::Feed(std::string_view* data) {
  while (true) {
    Step step;
    switch (state_) {
      case State::kRequestLine:
        step = ReadRequestLine(data);
        break;
      case State::kHeaders:
        step = ReadHeaders(data);
        break;
      case State::kFixedBody:
        step = ReadFixedBody(data);
        break;
      case State::kChunkSize:
        step = ReadChunkSize(data);
        break;
      case State::kChunkData:
        step = ReadChunkData(data);
        break;
      case State::kChunkEnd:
        step = ReadChunkEnd(data);
        break;
      case State::kTrailers:
        step = ReadTrailers(data);
        break;
      case State::kDone:
        return ReadEvent::kDone;
      case State::kFailed:
        return ReadEvent::kFailed;
    }
    if (step) return *step;
  }
}

void RequestReader::Reset() {
  state_ = State::kRequestLine;
  started_ = false;
  skipped_blank_line_ = false;
  line_in_partial_ = false;
  partial_.clear();
  field_bytes_ = 0;
  field_count_ = 0;
  chunks_ = 0;
  chunk_left_ = 0;
  received_ = 0;
  head_ = RequestHead();
  body_.Share();
  inflater_.reset();
  error_ = ReadError();
}

RequestReader::Step RequestReader::ReadRequestLine(std::string_view* data) {
  if (data->empty()) return ReadEvent::kMore;
  if (!started_ && !IsTokenChar(data->front()) && data->front() != '\r') {
    return Fail(400, "The request does not begin with a method: this port speaks plain HTTP/1.1.");
  }
  started_ = true;
  Step step;
  const auto line =
      TakeLine(data, limits_.max_uri_bytes + kRequestLineSlack, 414, "The URI is too long.", &step);
  if (!line) return step;
  if (line->empty() && !skipped_blank_line_) {  // RFC 9112 2.2: some clients send one too many
    skipped_blank_line_ = true;
    started_ = false;
    return std::nullopt;
  }
  return ParseRequestLine(*line);
}

RequestReader::Step RequestReader::ParseRequestLine(std::string_view line) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return Fail(400, "The request line must be \"METHOD /path HTTP/1.1\".");
  }
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!IsToken(method) || method.size() > kMaxMethodBytes) {
    return Fail(400, "The request's method is not a method name.");
  }
  if (!IsHttpVersion(version)) return Fail(400, "The request line must end with HTTP/1.1.");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return Fail(505, "The server speaks HTTP/1.1 and HTTP/1.0 only.");
  }
  if (target.size() > limits_.max_uri_bytes) return Fail(414, "The URI is too long.");
  if (target.empty() || target.front() != '/' || !IsTarget(target)) {
    return Fail(400,
                "The request's target must be an absolute path of printable ASCII characters.");
  }
  head_.method = method;
  head_.path = target.substr(0, target.find('?'));
  head_.http_1_0 = version == "HTTP/1.0";
  head_.keep_alive = !head_.http_1_0;
  state_ = State::kHeaders;
  return std::nullopt;
}

RequestReader::Step RequestReader::ReadHeaders(std::string_view* data) {
  std::optional<std::string_view> line;
  if (Step step = TakeFieldLine(data, &line); step || !line) return step;
  if (line->empty()) return CheckHead();
  return AddHeader(*line);
}

RequestReader::Step RequestReader::TakeFieldLine(std::string_view* data,
                                                 std::optional<std::string_view>* line) {
  constexpr const char* kTooLarge = "The headers are too large.";
  Step step;
  *line = TakeLine(data, limits_.max_header_bytes - field_bytes_, 431, kTooLarge, &step);
  if (!*line) return step;
  field_bytes_ += std::min((*line)->size() + 2, limits_.max_header_bytes - field_bytes_);
  if (!(*line)->empty() && ++field_count_ > limits_.max_header_count) {
    return Fail(431, "There are too many headers.");
  }
  return std::nullopt;
}

RequestReader::Step RequestReader::AddHeader(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') {
    return Fail(400, "A header is folded over several lines: send each on one line.");
  }
  const size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  if (colon == std::string_view::npos || !IsToken(name)) {
    return Fail(400, "A header line must be \"Name: value\".");
  }
  const std::string_view value = TrimBlanks(line.substr(colon + 1));
  if (!IsFieldValue(value)) return Fail(400, "A header's value holds a control character.");
  std::string lower = AsciiLower(name);
  if (IsSingleton(lower) && Find(head_, lower) != nullptr) {
    return Fail(400, "The header " + lower + " is sent twice: send it once.");
  }
  head_.headers.emplace_back(std::move(lower), value);
  return std::nullopt;
}

RequestReader::Step RequestReader::CheckHead() {
  for (const auto& [name, value] : head_.headers) {
    if (name != "connection") continue;
    if (ListHasToken(value, "close")) {
      head_.keep_alive = false;
      break;
    }
    if (ListHasToken(value, "keep-alive")) head_.keep_alive = true;
  }
  if (!head_.http_1_0 && Find(head_, "host") == nullptr) {
    return Fail(400, "The header Host is missing.");
  }
  if (Step failed = CheckTransferEncoding()) return failed;
  if (Step failed = CheckBodyLength()) return failed;
  if (Step failed = CheckContentEncoding()) return failed;
  if (const std::string* expect = Find(head_, "expect"); expect != nullptr && !expect->empty()) {
    if (!EqualsIgnoreCase(*expect, "100-continue")) {
      return Fail(417, "The only Expect that is supported is 100-continue.");
    }
    head_.expect_continue = !head_.http_1_0;
  }
  state_ = head_.chunked ? State::kChunkSize : State::kFixedBody;
  return ReadEvent::kHead;
}

RequestReader::Step RequestReader::CheckTransferEncoding() {
  const std::string* encoding = Find(head_, "transfer-encoding");
  if (encoding == nullptr) return std::nullopt;
  if (Find(head_, "content-length") != nullptr) {
    return Fail(400, "Content-Length and Transfer-Encoding are both sent: send one of them.");
  }
  if (head_.http_1_0)
    return Fail(400, "Transfer-Encoding does not exist in HTTP/1.0: send a Content-Length.");
  if (!EqualsIgnoreCase(*encoding, "chunked")) {
    return Fail(501, "The only Transfer-Encoding that is supported is chunked.");
  }
  head_.chunked = true;
  return std::nullopt;
}

RequestReader::Step RequestReader::CheckContentEncoding() {
  const std::string* text = Find(head_, "content-encoding");
  if (text == nullptr) return std::nullopt;
  const std::optional<ContentCoding> coding = ParseCoding(*text);
  if (!coding) {
    return Fail(415,
                "The Content-Encoding is not supported: send gzip, deflate or the body as it is.");
  }
  head_.coding = *coding;
  const bool has_body = head_.chunked || head_.content_length > 0;
  if (head_.coding == ContentCoding::kIdentity || !has_body) return std::nullopt;
  inflater_ = Inflater::Create(head_.coding);
  if (inflater_ == nullptr) return Fail(503, "The server has no memory left for the body.");
  return std::nullopt;
}

RequestReader::Step RequestReader::CheckBodyLength() {
  const std::string* text = Find(head_, "content-length");
  if (text == nullptr) return std::nullopt;
  const std::optional<uint64_t> length = ParseDigits(*text);
  if (!length) return Fail(400, "The Content-Length must be one number of bytes, in digits.");
  if (*length > limits_.max_body_bytes) {
    return FailTooLarge();
  }
  head_.content_length = *length;
  return std::nullopt;
}

RequestReader::Step RequestReader::ReadTrailers(std::string_view* data) {
  std::optional<std::string_view> line;
  if (Step step = TakeFieldLine(data, &line); step || !line) return step;
  if (line->empty()) return FinishBody();
  // Checked and dropped: a trailer may not change what was read before it.
  const size_t colon = line->find(':');
  if (colon == std::string_view::npos || !IsToken(line->substr(0, colon)) ||
      !IsFieldValue(line->substr(colon))) {
    return Fail(400, "A trailer line must be \"Name: value\".");
  }
  return std::nullopt;
}

std::optional<std::string_view> RequestReader::TakeLine(std::string_view* data, size_t max,
                                                        int too_long_status, const char* too_long,
                                                        Step* step) {
  if (line_in_partial_) partial_.clear();  // the line that was handed out before this one
  line_in_partial_ = false;
  const size_t end = data->find('\n');
  const std::string_view piece = data->substr(0, end);
  // One more than the line: its CR, which is not counted.
  if (partial_.size() + piece.size() > max + 1) {
    *step = Fail(too_long_status, too_long);
    return std::nullopt;
  }
  if (end == std::string_view::npos) {
    partial_.append(piece);
    data->remove_prefix(piece.size());
    *step = ReadEvent::kMore;
    return std::nullopt;
  }
  std::string_view line = piece;
  if (!partial_.empty()) {
    partial_.append(piece);
    line = partial_;
    line_in_partial_ = true;
  }
  data->remove_prefix(end + 1);
  if (line.empty() || line.back() != '\r') {
    *step = Fail(line.size() > max ? too_long_status : 400,
                 line.size() > max ? too_long : "A line of the request does not end with CR LF.");
    return std::nullopt;
  }
  line.remove_suffix(1);
  return line;
}

RequestReader::Step RequestReader::FailTooLarge() {
  return Fail(413, "The body is larger than the limit of " +
                       std::to_string(limits_.max_body_bytes) + " bytes.");
}

RequestReader::Step RequestReader::Fail(int status, std::string sentence) {
  state_ = State::kFailed;
  error_ = {status, std::move(sentence)};
  return ReadEvent::kFailed;
}

}  // namespace flambeau
