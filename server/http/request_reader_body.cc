// RequestReader: what comes after the head.
#include <utility>

#include "http/grammar.h"
#include "http/request_reader.h"

namespace flambeau {
namespace {

constexpr size_t kMaxChunkLine = 256;  // sizes and their extensions

}  // namespace

std::span<char> RequestReader::BodySpace() {
  if (state_ != State::kFixedBody || inflating() || received_ >= head_.content_length) return {};
  return body_.Space(static_cast<size_t>(head_.content_length) - received_);
}

void RequestReader::BodyReceived(size_t bytes) {
  body_.Commit(bytes);
  received_ += bytes;
}

RequestReader::Step RequestReader::ReadFixedBody(std::string_view* data) {
  const size_t left = static_cast<size_t>(head_.content_length) - received_;
  const std::string_view bytes = data->substr(0, left);
  data->remove_prefix(bytes.size());
  if (Step failed = StoreBody(bytes)) return failed;
  if (bytes.size() < left) return ReadEvent::kMore;
  return FinishBody();
}

RequestReader::Step RequestReader::ReadChunkSize(std::string_view* data) {
  Step step;
  const auto line = TakeLine(data, kMaxChunkLine, 400, "A chunk's size line is too long.", &step);
  if (!line) return step;
  // Extensions mean nothing to us and are skipped, as RFC 9112 7.1.1 asks.
  const size_t semicolon = line->find(';');
  const std::optional<uint64_t> size = ParseHex(line->substr(0, semicolon));
  if (!size || !IsFieldValue(*line)) {
    return Fail(400, "A chunk's size must be a hexadecimal number.");
  }
  if (*size == 0) {
    state_ = State::kTrailers;
    return std::nullopt;
  }
  if (*size > limits_.max_body_bytes - received_) {
    return FailTooLarge();
  }
  if (++chunks_ > limits_.max_chunks) {
    return Fail(400, "The body is in too many chunks: send larger ones.");
  }
  chunk_left_ = *size;
  state_ = State::kChunkData;
  return std::nullopt;
}

RequestReader::Step RequestReader::ReadChunkData(std::string_view* data) {
  const std::string_view bytes = data->substr(0, static_cast<size_t>(chunk_left_));
  data->remove_prefix(bytes.size());
  if (Step failed = StoreBody(bytes)) return failed;
  chunk_left_ -= bytes.size();
  if (chunk_left_ > 0) return ReadEvent::kMore;
  state_ = State::kChunkEnd;
  return std::nullopt;
}

RequestReader::Step RequestReader::ReadChunkEnd(std::string_view* data) {
  constexpr const char* kNotItsSize = "A chunk is not as long as its size says.";
  Step step;
  const auto line = TakeLine(data, 0, 400, kNotItsSize, &step);
  if (!line) return step;
  state_ = State::kChunkSize;
  return std::nullopt;
}

RequestReader::Step RequestReader::StoreBody(std::string_view bytes) {
  received_ += bytes.size();
  if (inflating()) return Inflate(bytes);
  if (body_.Append(bytes)) return std::nullopt;
  return Fail(503, "The server has no memory left for the body.");
}

RequestReader::Step RequestReader::Inflate(std::string_view bytes) {
  switch (inflater_->Write(bytes, limits_.max_body_bytes, &body_)) {
    case Inflater::Fault::kNone:
      return std::nullopt;
    case Inflater::Fault::kCorrupt:
      return Fail(400, "The body is not what its Content-Encoding says.");
    case Inflater::Fault::kTooLarge:
      return FailTooLarge();
    case Inflater::Fault::kNoMemory:
      break;
  }
  return Fail(503, "The server has no memory left for the body.");
}

RequestReader::Step RequestReader::FinishBody() {
  if (inflating() && !inflater_->ended() && received_ > 0) {
    return Fail(400, "The compressed body ends early.");
  }
  inflater_.reset();
  state_ = State::kDone;
  return std::nullopt;
}

}  // namespace flambeau
