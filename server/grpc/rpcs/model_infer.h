// GRPCInferenceService.ModelInfer.
//
// The seam to a raw method: everything but the two calls into tensor_codec.h is independent of how
// the messages were parsed, so that a ByteBuffer method can take this one's place.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <memory>

#include "grpc/reply_queue.h"
#include "serving/inference.h"

namespace inference {
class ModelInferRequest;
class ModelInferResponse;
}  // namespace inference

namespace flambeau {

struct InferService {
  Inference* inference;
  ReplyQueue* replies;
  const std::atomic<bool>* draining;
};

// Admits, decodes and submits on gRPC's thread; the answer goes out on the reply queue's. A client
// that goes away, or whose deadline passes, is let go at once, even if its run has not ended.
grpc::ServerUnaryReactor* HandleModelInfer(
    grpc::CallbackServerContext* context, const InferService& service,
    const std::shared_ptr<const inference::ModelInferRequest>& request,
    inference::ModelInferResponse* response);

}  // namespace flambeau
