// Compresses an answer's body a piece at a time, so that a large one does not hold up its thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "http/content_coding.h"
#include "http/message.h"

struct z_stream_s;  // zlib's

namespace flambeau {

// Threads: one. Lifetime: one answer. Errors: none; what cannot be made smaller is sent as it is.
class ResponseEncoder {
 public:
  // Below this, compressing (a tenth of a millisecond to begin with) takes longer than sending.
  static constexpr size_t kMinBytes = 4096;

  // Takes over the answer if it is to be sent in `coding`; null if it goes as it is. An answer that
  // depends on the client's wish says so (Vary).
  static std::unique_ptr<ResponseEncoder> Create(ContentCoding coding, HttpResponse* response);
  ~ResponseEncoder();
  ResponseEncoder(const ResponseEncoder&) = delete;
  ResponseEncoder& operator=(const ResponseEncoder&) = delete;

  // Goes on for about a millisecond; true once the answer is ready.
  bool Step();
  HttpResponse Take();

 private:
  ResponseEncoder(ContentCoding coding, HttpResponse response, std::unique_ptr<z_stream_s> stream);

  const ContentCoding coding_;
  const std::unique_ptr<z_stream_s> stream_;
  HttpResponse response_;
  size_t read_ = 0;
  std::string encoded_;
  bool useful_ = true;
};

}  // namespace flambeau
