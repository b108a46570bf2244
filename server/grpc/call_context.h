// What a call says about itself in metadata, as the gate wants it.
#pragma once

#include <grpcpp/server_context.h>

#include <string>
#include <string_view>

#include "serving/request.h"

namespace flambeau {

// Request id, peer, and grpc-timeout as microseconds left (at least 1).
RequestContext ToRequestContext(const grpc::CallbackServerContext& context, std::string route,
                                CancelTokenPtr cancel);

// gRPC's "ipv4:127.0.0.1:80" and "ipv6:%5B::1%5D:80" as "127.0.0.1:80" and "[::1]:80".
std::string PeerAddress(std::string_view peer);

}  // namespace flambeau
