// The way of one ModelInferRequest into serving, the same for ModelInfer and ModelStreamInfer.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "base/status.h"
#include "grpc/reply_queue.h"
#include "serving/inference.h"
#include "serving/output_delivery.h"
#include "serving/shared_memory.h"

namespace inference {
class ModelInferRequest;
}

namespace flambeau {

class InferStreams;
class Rpc;

// What inferring takes of the server.
// Threads: its parts are any thread's. Lifetime: the server's, as are those it points to.
// Errors: none.
struct InferService {
  Inference* inference;
  SharedMemory* shared_memory;
  ReplyQueue* replies;
  const std::atomic<bool>* draining;
  InferStreams* streams;
};

// The gate comes first, so that a refused request is counted and logged too.
// Errors: as Inference::Begin; INVALID_ARGUMENT without a model name; UNAVAILABLE while draining.
Result<Call> BeginInfer(const InferService& service, RequestContext context,
                        const inference::ModelInferRequest& request);

// A result that has yet to be delivered and written, by whoever encodes it.
// Threads: one at a time. Lifetime: a value. Errors: none.
struct UndeliveredResult {
  InferResult result;
  OutputDelivery delivery;
  std::vector<RequestedOutput> requested;
};

// Whether it is written in less time than it takes to wake a thread for that.
bool IsBrief(const Result<UndeliveredResult>& result);

// Has `reply` sent: by the queue of its call if that is brief, else by the reply threads.
void PostReply(const InferService& service, Rpc* rpc, bool brief, std::shared_ptr<Reply> reply);

using CallDone = std::function<void(Result<UndeliveredResult>)>;

// Decodes and submits. `done` gets the answer or the refusal, exactly once.
void SubmitInfer(const InferService& service, Call call,
                 const std::shared_ptr<const inference::ModelInferRequest>& request, CallDone done);

}  // namespace flambeau
