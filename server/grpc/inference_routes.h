// inference.GRPCInferenceService: which function answers which call.
#pragma once

#include "grpc/infer_call.h"
#include "grpc/rpc.h"
#include "grpc/server.h"

namespace flambeau {

// Threads: any. Lifetime: what it is given outlives the routes. Errors: none.
void AddInferenceRoutes(const InferService& infer, const GrpcServices& services, RpcRoutes* routes);

}  // namespace flambeau
