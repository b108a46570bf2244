// Finds where HTTP/1.1 answers end, and as little else as a load generator needs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace flambeau::client {

// Threads: one at a time. Lifetime: a value. Errors: by state; the connection is of no use then.
class HttpResponseReader {
 public:
  enum class State { kMore, kDone, kBroken };

  // Takes of `data` what the answer still lacks.
  State Read(std::string_view* data);
  void Reset();  // for the next answer

  int status() const { return status_; }
  bool closes() const { return closes_; }  // the server ends the connection after this answer
  // Of an answer other than 200: its first bytes.
  const std::string& body() const { return body_; }

 private:
  bool ParseHead(std::string_view head);
  bool ParseHeader(std::string_view line);
  State ReadBody(std::string_view* data);

  std::string head_;  // what of it has come, if not all has
  bool in_body_ = false;
  int status_ = 0;
  bool has_length_ = false;
  bool closes_ = false;
  size_t left_ = 0;
  std::string body_;
};

}  // namespace flambeau::client
