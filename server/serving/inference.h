// The use case "infer": gate, resolve, check, submit; the same for every transport.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "repository/repository.h"
#include "serving/gate.h"
#include "serving/request.h"

namespace flambeau {

// A request that was let in: its pinned version and its place in the counts. Move-only.
// Threads: one at a time. Lifetime: pins the version; destroyed unfinished, it counts as cancelled.
class Call {
 public:
  Call(Ticket ticket, ServablePtr servable, size_t method);

  const Servable& servable() const { return *servable_; }
  const MethodFacts& signature() const { return *signature_; }
  const std::string& request_id() const { return ticket_.request_id(); }
  // Ends the call without a run: the body could not be decoded. Returns `status`. Of the others
  // only request_id may be asked for after it.
  Status Fail(Status status);

 private:
  friend class Inference;
  void Unpin();

  Ticket ticket_;
  ServablePtr servable_;
  size_t method_;
  std::shared_ptr<const MethodFacts> signature_;
};

// Threads: any. Lifetime: outlives every call. Errors: Begin and the completion carry them.
class Inference {
 public:
  Inference(Gate* gate, Repository* repository, Clock* clock);

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
  // What a submitted call waits with.
  struct Pending {
    Call call;
    std::string id;
    std::vector<RequestedOutput> outputs;
    int64_t rows;
    InferDone done;

    void Finish(Result<Outcome> outcome);
    Result<InferResult> MakeResult(Result<Outcome> outcome);
  };

  Gate* const gate_;
  Repository* const repository_;
  Clock* const clock_;
};

}  // namespace flambeau
