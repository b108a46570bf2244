// The use case "infer": gate, resolve, check, submit; the same for every transport.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "repository/repository.h"
#include "serving/gate.h"
#include "serving/request.h"
#include "serving/response_cache.h"
#include "serving/tracer.h"

namespace flambeau {

// A request that was let in: its pinned version and its place in the counts. Move-only.
// Threads: one at a time. Lifetime: pins the version; destroyed unfinished, it counts as cancelled.
class Call {
 public:
  Call(Ticket ticket, ServablePtr servable, size_t method);

  const Servable& servable() const { return *servable_; }
  const MethodFacts& signature() const { return *signature_; }
  // Of the same method; null if nothing is declared.
  const Declaration* declaration() const { return servable_->declaration(method_); }
  const std::string& request_id() const { return ticket_.request_id(); }
  // Ends the call without a run: the body could not be decoded. Returns `status`. Of the others
  // only request_id may be asked for after it.
  Status Fail(Status status);

 private:
  friend class Inference;
  // Errors: NOT_FOUND, one sentence listing the methods.
  Status SelectMethod(std::string_view method);
  void Unpin();

  Ticket ticket_;
  ServablePtr servable_;
  size_t method_;
  std::shared_ptr<const MethodFacts> signature_;
};

// Threads: any. Lifetime: outlives every call. Errors: Begin and the completion carry them.
class Inference {
 public:
  // `cache` may be null: nothing is answered twice; `tracer` may be: nothing is traced.
  Inference(Gate* gate, Repository* repository, Clock* clock, ResponseCache* cache = nullptr,
            Tracer* tracer = nullptr);

  // Stops 2 and 3 of a request: admits it and pins the version, before the body is decoded.
  // Errors: as Repository::Resolve; NOT_FOUND for an unknown method; RESOURCE_EXHAUSTED if the
  // queue is full; UNAVAILABLE while draining. A refused call is counted and logged here.
  Result<Call> Begin(RequestContext context, std::string_view model, std::string_view version,
                     std::string_view method = "forward");

  // Counts and logs a request that cannot even be asked what it wants. Returns `status`, or why it
  // was not let in.
  Status Refuse(RequestContext context, Status status);

  // Stop 5: binds `request` to the signature, checks it, submits it. `done` gets the answer.
  void Submit(Call call, InferRequest request, InferDone done);

 private:
  // A request that the cache could not answer, whose answer it gets.
  struct CacheMiss {
    ResponseCache* cache;
    ResponseCache::Key key;
    Duration lookup;
  };
  // What a submitted call waits with.
  struct Pending {
    Call call;
    std::string id;
    std::vector<RequestedOutput> outputs;
    int64_t rows;
    InferDone done;
    std::optional<CacheMiss> miss = std::nullopt;
    std::unique_ptr<RequestTrace> trace = nullptr;  // null: it is not traced

    std::unique_ptr<RequestTrace> BeginTrace(Tracer* tracer) const;
    // True if that was the answer.
    bool AnswerFromCache(ResponseCache* cache, const std::vector<Value>& arguments);
    void Finish(Result<Outcome> outcome);
    void CountMiss(const Result<Outcome>& outcome);
    Result<InferResult> Select(Value value);
    Result<InferResult> MakeResult(Result<Outcome> outcome);
    void End(Result<InferResult> result);
  };

  Gate* const gate_;
  Repository* const repository_;
  Clock* const clock_;
  ResponseCache* const cache_;
  Tracer* const tracer_;
};

}  // namespace flambeau
