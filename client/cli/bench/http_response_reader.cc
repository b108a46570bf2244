#include "cli/bench/http_response_reader.h"

#include <strings.h>

#include <algorithm>
#include <charconv>

namespace flambeau::client {
namespace {

constexpr size_t kMaxHead = 64 << 10;
constexpr size_t kKeptBody = 1024;

bool IsName(std::string_view text, std::string_view name) {
  return text.size() == name.size() && strncasecmp(text.data(), name.data(), name.size()) == 0;
}

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

template <typename T>
bool ParseNumber(std::string_view text, T* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

void HttpResponseReader::Reset() {
  head_.clear();
  in_body_ = false;
  body_.clear();
}

HttpResponseReader::State HttpResponseReader::Read(std::string_view* data) {
  if (in_body_) return ReadBody(data);
  const size_t before = head_.size();
  if (before > 0) head_ += *data;
  const std::string_view seen = before > 0 ? std::string_view(head_) : *data;
  const size_t end = seen.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (before == 0) head_ = *data;
    data->remove_prefix(data->size());
    return head_.size() > kMaxHead ? State::kBroken : State::kMore;
  }
  if (!ParseHead(seen.substr(0, end))) return State::kBroken;
  data->remove_prefix(end + 4 - before);
  in_body_ = true;
  return ReadBody(data);
}

bool HttpResponseReader::ParseHead(std::string_view head) {
  has_length_ = false;
  left_ = 0;
  size_t end = std::min(head.find("\r\n"), head.size());
  const std::string_view line = head.substr(0, end);
  if (line.size() < 12 || !line.starts_with("HTTP/1.")) return false;
  closes_ = line[7] == '0';
  if (!ParseNumber(line.substr(9, 3), &status_)) return false;
  while (end < head.size()) {
    head.remove_prefix(end + 2);
    end = std::min(head.find("\r\n"), head.size());
    if (!ParseHeader(head.substr(0, end))) return false;
  }
  return has_length_;
}

bool HttpResponseReader::ParseHeader(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = Trimmed(line.substr(colon + 1));
  if (IsName(name, "Content-Length")) {
    has_length_ = true;
    return ParseNumber(value, &left_);
  }
  if (IsName(name, "Connection")) closes_ = IsName(value, "close");
  return !IsName(name, "Transfer-Encoding");  // chunks are not read
}

HttpResponseReader::State HttpResponseReader::ReadBody(std::string_view* data) {
  const size_t taken = std::min(left_, data->size());
  if (status_ != 200 && body_.size() < kKeptBody) {
    body_ += data->substr(0, std::min(taken, kKeptBody - body_.size()));
  }
  data->remove_prefix(taken);
  left_ -= taken;
  return left_ == 0 ? State::kDone : State::kMore;
}

}  // namespace flambeau::client
