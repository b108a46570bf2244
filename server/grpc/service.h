// inference.GRPCInferenceService: which function answers which call.
#pragma once

#include <grpcpp/impl/service_type.h>

#include <memory>

#include "grpc/rpcs/model_infer.h"
#include "grpc/server.h"

namespace flambeau {

// Threads: any. Lifetime: what it was given outlives it; it outlives the server it is registered
// with. Errors: none.
std::unique_ptr<grpc::Service> NewInferenceService(const InferService& infer,
                                                   const GrpcServices& services);

}  // namespace flambeau
