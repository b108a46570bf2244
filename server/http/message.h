// An HTTP request and its answer as handlers see them: no socket, no cpp-httplib.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "batching/cancel.h"

namespace flambeau {

class Leader;

// The whole request, read within its bounds. Values are raw as they came (header values are never
// percent-decoded); path parameters are decoded.
struct HttpRequest {
  std::string method;
  std::string path;  // without the query
  std::map<std::string, std::string> path_params;
  // Names in lower case; the reader has refused duplicates of the ones that matter.
  std::vector<std::pair<std::string, std::string>> headers;
  // The body, with codec's kJsonPadding readable bytes after its end; `body_owner` keeps it alive.
  std::string_view body;
  std::shared_ptr<const void> body_owner;
  std::string peer;
  // X-Request-Id where it is well formed, else made; the listener sends it back with every answer.
  std::string request_id;
  CancelTokenPtr cancel;     // cancelled when the client closes
  Leader* leader = nullptr;  // the I/O thread's, while it handles the request; may be null

  // The first header of that lower-case name, or nothing.
  std::optional<std::string_view> Header(std::string_view lower_case_name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  // May be sent compressed to a client that takes that. Only answers that grow large are: Triton's
  // asyncio client asks for all to be compressed and unpacks those to infer.
  bool may_compress = false;
};

// Makes an answer later: see Responder::Defer.
using MakeResponse = std::function<HttpResponse()>;

// Where an answer goes: a connection of the listener, or a test's double.
// Threads: any. Lifetime: shared by the copies of a Responder. Errors: none; an answer that comes
// too late is dropped.
class ResponseTarget {
 public:
  virtual ~ResponseTarget() = default;
  virtual void Deliver(HttpResponse response) = 0;
  virtual void Deliver(MakeResponse make) = 0;
};

// Takes the answer: exactly once, from any thread; never blocks. If every copy is destroyed without
// an answer, the listener answers 500.
class Responder {
 public:
  explicit Responder(std::shared_ptr<ResponseTarget> target) : target_(std::move(target)) {}

  void operator()(HttpResponse response) const { target_->Deliver(std::move(response)); }
  // `make` runs on the connection's I/O thread: a model worker hands its result over and goes on,
  // and encodes nothing. It is destroyed unrun if the client has gone.
  void Defer(MakeResponse make) const { target_->Deliver(std::move(make)); }

 private:
  std::shared_ptr<ResponseTarget> target_;
};

// One route. Called on an I/O thread: it may decode and submit, never wait.
// Threads: any number at once. Lifetime: outlives the listener. Errors: answered through `respond`.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  virtual void Handle(HttpRequest request, Responder respond) = 0;
  // True if its requests pass the gate, which writes their access lines: the listener then does
  // not.
  virtual bool PassesGate() const { return false; }
};

}  // namespace flambeau
