// Our Status as gRPC's: the one place where gRPC errors are made.
#pragma once

#include <grpcpp/support/status.h>

#include "base/status.h"

namespace flambeau {

// The same code and the same sentence, printable and short enough for a trailer (clients accept 8
// KiB of metadata by default and reset the call beyond it).
grpc::Status ToGrpcStatus(const Status& status);

}  // namespace flambeau
