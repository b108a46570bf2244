// Decodes a request's gzip or zlib body while it arrives.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "http/body_buffer.h"
#include "http/content_coding.h"

struct z_stream_s;  // zlib's

namespace flambeau {

// Threads: one. Lifetime: one body. Errors: a Fault, after which it is of no further use.
class Inflater {
 public:
  enum class Fault { kNone, kCorrupt, kTooLarge, kNoMemory };

  // Null if there is no memory, or for kIdentity.
  static std::unique_ptr<Inflater> Create(ContentCoding coding);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Appends what `bytes` decode to, while that is at most `max_bytes` in all.
  Fault Write(std::string_view bytes, size_t max_bytes, BodyBuffer* out);

  // Whether what was written is whole.
  bool ended() const { return ended_; }

 private:
  Inflater(ContentCoding coding, std::unique_ptr<z_stream_s> stream);
  // Some of the input that the stream holds; kNone and `*more` if there may be more to come out.
  Fault Step(size_t max_bytes, BodyBuffer* out, bool* more);

  const ContentCoding coding_;
  const std::unique_ptr<z_stream_s> stream_;
  bool ended_ = false;
};

}  // namespace flambeau
