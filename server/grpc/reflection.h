// grpc.reflection, v1 and v1alpha: what the server serves, told from the messages' descriptors.
#pragma once

#include "grpc/rpc.h"

namespace flambeau {

// Lists the services of `routes` so far. Threads: any. Lifetime: any. Errors: to clients: NOT_FOUND
// inside the stream for what is not there, INVALID_ARGUMENT for a request that asks for nothing.
// Ours and not the library's plugin, which polls the connections with threads of its own.
void AddReflectionRoutes(RpcRoutes* routes);

}  // namespace flambeau
