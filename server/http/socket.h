// The few socket calls the listener needs.
#pragma once

#include <sys/socket.h>

#include <string>

#include "base/status.h"
#include "base/unique_fd.h"

namespace flambeau {

// Clients that the kernel keeps for us until they are accepted; net.core.somaxconn caps it.
inline constexpr int kBacklog = 4096;

// A non-blocking listening socket on the first address of `host` that can be bound; port 0: any.
// Errors: UNAVAILABLE if the port is in use, INVALID_ARGUMENT if the host or port cannot be used.
Result<UniqueFd> ListenOn(const std::string& host, int port);

// The port that a socket is bound to.
int LocalPort(int fd);

// "127.0.0.1:41234" or "[::1]:41234".
std::string AddressText(const sockaddr_storage& address);

}  // namespace flambeau
