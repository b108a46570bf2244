// What a call says about itself in metadata, as the gate wants it.
#pragma once

#include <string>
#include <string_view>

#include "grpc/rpc.h"
#include "serving/request.h"

namespace flambeau {

// Request id, peer, grpc-timeout as microseconds left (at least 1), and who may run it.
RequestContext ToRequestContext(const Rpc& rpc, std::string route, CancelTokenPtr cancel);

// Its deadline has passed: gRPC cancels for that too.
bool DeadlinePassed(const Rpc& rpc);

// gRPC's "ipv4:127.0.0.1:80" and "ipv6:%5B::1%5D:80" as "127.0.0.1:80" and "[::1]:80".
std::string PeerAddress(std::string_view peer);

}  // namespace flambeau
