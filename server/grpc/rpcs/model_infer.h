// GRPCInferenceService.ModelInfer.
#pragma once

#include <memory>

#include "grpc/infer_call.h"
#include "grpc/rpc.h"

namespace flambeau {

// Parses, admits, decodes and submits on the queue's thread; a small answer goes out on the
// thread that made it, a larger one on the reply queue's. A client that goes away, or whose
// deadline passes, is let go at once, even if its run has not ended.
// Lifetime: `service` outlives the call.
std::shared_ptr<RpcReactor> HandleModelInfer(Rpc* rpc, const InferService& service);

}  // namespace flambeau
