#include "http/response_encoder.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <utility>

namespace flambeau {
namespace {

constexpr int kWindowBits = 15;
constexpr int kGzipFormat = 16;  // added to the window bits
constexpr int kLevel = 1;        // the fastest: numbers do not get much smaller with more effort
constexpr int kMemoryLevel = 8;
constexpr size_t kStepBytes = size_t{64} << 10;
constexpr size_t kHeldBackBytes = size_t{16} << 10;  // by deflate, of what it has read

}  // namespace

std::unique_ptr<ResponseEncoder> ResponseEncoder::Create(ContentCoding coding,
                                                         HttpResponse* response) {
  if (!response->may_compress || response->body.size() < kMinBytes) return nullptr;
  response->headers.emplace_back("Vary", "Accept-Encoding");
  if (coding == ContentCoding::kIdentity) return nullptr;
  auto stream = std::make_unique<z_stream>();
  const int format = coding == ContentCoding::kGzip ? kGzipFormat : 0;
  if (deflateInit2(stream.get(), kLevel, Z_DEFLATED, kWindowBits + format, kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return nullptr;
  }
  return std::unique_ptr<ResponseEncoder>(
      new ResponseEncoder(coding, std::move(*response), std::move(stream)));
}

ResponseEncoder::ResponseEncoder(ContentCoding coding, HttpResponse response,
                                 std::unique_ptr<z_stream_s> stream)
    : coding_(coding), stream_(std::move(stream)), response_(std::move(response)) {}

ResponseEncoder::~ResponseEncoder() { deflateEnd(stream_.get()); }

bool ResponseEncoder::Step() {
  const std::string& body = response_.body;
  const size_t count = std::min(kStepBytes, body.size() - read_);
  const bool last = read_ + count == body.size();
  stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data() + read_));
  stream_->avail_in = static_cast<uInt>(count);
  read_ += count;
  std::array<char, 16384> out;
  do {
    stream_->next_out = reinterpret_cast<Bytef*>(out.data());
    stream_->avail_out = static_cast<uInt>(out.size());
    deflate(stream_.get(), last ? Z_FINISH : Z_NO_FLUSH);
    encoded_.append(out.data(), out.size() - stream_->avail_out);
  } while (stream_->avail_out == 0);
  // Weights and images hardly shrink, which the beginning tells.
  const size_t held_back = last ? 0 : kHeldBackBytes;
  useful_ = encoded_.size() + held_back < read_ - read_ / 16;
  return last || !useful_;
}

HttpResponse ResponseEncoder::Take() {
  if (useful_) {
    response_.body = std::move(encoded_);
    response_.headers.emplace_back("Content-Encoding", std::string(Name(coding_)));
  }
  return std::move(response_);
}

}  // namespace flambeau
