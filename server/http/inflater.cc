#include "http/inflater.h"

#include <zlib.h>

#include <algorithm>
#include <span>
#include <utility>

namespace flambeau {
namespace {

constexpr int kWindowBits = 15;
constexpr int kGzipFormat = 16;                // added to the window bits
constexpr size_t kMaxPiece = size_t{1} << 30;  // zlib counts in 32 bits

}  // namespace

std::unique_ptr<Inflater> Inflater::Create(ContentCoding coding) {
  if (coding == ContentCoding::kIdentity) return nullptr;
  auto stream = std::make_unique<z_stream>();
  const int format = coding == ContentCoding::kGzip ? kGzipFormat : 0;
  if (inflateInit2(stream.get(), kWindowBits + format) != Z_OK) return nullptr;
  return std::unique_ptr<Inflater>(new Inflater(coding, std::move(stream)));
}

Inflater::Inflater(ContentCoding coding, std::unique_ptr<z_stream_s> stream)
    : coding_(coding), stream_(std::move(stream)) {}

Inflater::~Inflater() { inflateEnd(stream_.get()); }

Inflater::Fault Inflater::Write(std::string_view bytes, size_t max_bytes, BodyBuffer* out) {
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kMaxPiece);
    bytes.remove_prefix(piece.size());
    stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
    stream_->avail_in = static_cast<uInt>(piece.size());
    for (bool more = true; more;) {
      if (const Fault fault = Step(max_bytes, out, &more); fault != Fault::kNone) return fault;
    }
  }
  return Fault::kNone;
}

Inflater::Fault Inflater::Step(size_t max_bytes, BodyBuffer* out, bool* more) {
  if (ended_) {
    *more = stream_->avail_in > 0;
    if (!*more) return Fault::kNone;
    // RFC 1952 2.2: a gzip file is one member after another.
    if (coding_ != ContentCoding::kGzip) return Fault::kCorrupt;
    if (inflateReset(stream_.get()) != Z_OK) return Fault::kCorrupt;
    ended_ = false;
  }
  char probe = 0;  // at the limit, tells whether there is more
  std::span<char> space(&probe, 1);
  const bool full = out->size() >= max_bytes;
  if (!full) space = out->Space(max_bytes - out->size());
  if (space.empty()) return Fault::kNoMemory;
  space = space.first(std::min(space.size(), kMaxPiece));
  stream_->next_out = reinterpret_cast<Bytef*>(space.data());
  stream_->avail_out = static_cast<uInt>(space.size());
  const int result = inflate(stream_.get(), Z_NO_FLUSH);
  const size_t produced = space.size() - stream_->avail_out;
  if (full && produced > 0) return Fault::kTooLarge;
  out->Commit(produced);
  if (result == Z_STREAM_END) {
    ended_ = true;
    return Fault::kNone;
  }
  if (result == Z_MEM_ERROR) return Fault::kNoMemory;
  if (result != Z_OK && result != Z_BUF_ERROR) return Fault::kCorrupt;
  *more = result == Z_OK && (stream_->avail_in > 0 || stream_->avail_out == 0);
  return Fault::kNone;
}

}  // namespace flambeau
