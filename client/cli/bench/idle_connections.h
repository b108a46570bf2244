// Connections that are open and say nothing, as most of a server's are.
#pragma once

#include <chrono>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/bench/socket.h"

namespace flambeau::client {

// Threads: one at a time. Lifetime: closes them. Errors: UNAVAILABLE.
class IdleConnections {
 public:
  // Each asks for /v2/health/live once, so that the server takes it for one of keep-alive.
  static absl::StatusOr<IdleConnections> Open(const HttpAddress& address, int count,
                                              std::chrono::milliseconds timeout);

  int CountClosed() const;  // by the server, by now

 private:
  explicit IdleConnections(std::vector<Descriptor> sockets) : sockets_(std::move(sockets)) {}

  std::vector<Descriptor> sockets_;
};

}  // namespace flambeau::client
