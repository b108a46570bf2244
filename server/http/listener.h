// The HTTP/1.1 connection loop: accepts, reads whole requests within bounds, routes, answers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "http/message.h"

namespace flambeau {

struct HttpRoute {
  std::string method;   // "GET" or "POST"
  std::string pattern;  // literal segments or ":name": "/v2/models/:model/infer"
  std::shared_ptr<HttpHandler> handler;
};

// Threads: Create and Stop from one; the rest from any. Owns its I/O threads; each connection
// belongs to one of them for life, so no thread ever blocks on a client.
// Lifetime: handlers outlive it; a Responder may be called after Stop, and does nothing then.
// Errors: Create: UNAVAILABLE "port 8000 is in use ..." in one sentence.
class HttpListener {
 public:
  struct Options {
    std::string name = "http";
    std::string host = "127.0.0.1";
    int port = 8000;  // 0: any free one, see port()
    int io_threads = 2;
    size_t max_connections = 4096;
    size_t max_request_bytes = 64u << 20;  // body, decoded
    // Bodies of all connections together; 0: 1 GiB, or 16 times max_request_bytes if that is more.
    size_t max_body_memory = 0;
    size_t max_header_bytes = 32u << 10;  // all header lines together
    size_t max_header_count = 100;
    size_t max_uri_bytes = 16384;
    size_t max_chunks = 65536;
    Duration header_timeout = std::chrono::seconds(10);  // a request's first byte to its blank line
    Duration body_timeout = std::chrono::seconds(60);    // blank line to the body's last byte
    Duration idle_timeout = std::chrono::seconds(75);    // between requests
    Duration write_timeout = std::chrono::seconds(60);   // without any progress
  };

  static Result<std::unique_ptr<HttpListener>> Create(const Options& options,
                                                      std::vector<HttpRoute> routes, Clock* clock,
                                                      Log* log);
  virtual ~HttpListener() = default;

  virtual int port() const = 0;
  virtual size_t connections() const = 0;
  // Stops listening and closes idle connections; busy ones, and clients that were connected but not
  // yet accepted, get their answer with Connection: close. Returns at once.
  virtual void BeginDrain() = 0;
  // True once a drain that has begun leaves no connection open.
  virtual bool Drained() const = 0;
  // Closes everything and joins the I/O threads.
  virtual void Stop() = 0;
};

}  // namespace flambeau
