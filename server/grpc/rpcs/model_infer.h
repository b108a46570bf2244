// GRPCInferenceService.ModelInfer.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "grpc/infer_call.h"

namespace flambeau {

// Parses, admits, decodes and submits on gRPC's thread; a small answer goes out on the
// thread that made it, a larger one on the reply queue's. A
// client that goes away, or whose deadline passes, is let go at once, even if its run has not
// ended. `request` is given back once parsed.
grpc::ServerUnaryReactor* HandleModelInfer(grpc::CallbackServerContext* context,
                                           const InferService& service, grpc::ByteBuffer* request,
                                           grpc::ByteBuffer* response);

}  // namespace flambeau
