// File descriptors that close themselves, and the few socket calls the listener needs.
#pragma once

#include <sys/socket.h>

#include <string>
#include <utility>

#include "base/status.h"

namespace flambeau {

// Threads: one. Lifetime: closes its descriptor. Errors: none.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd() { Close(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void Close();

 private:
  int fd_ = -1;
};

// A non-blocking listening socket on the first address of `host` that can be bound; port 0: any.
// Errors: UNAVAILABLE if the port is in use, INVALID_ARGUMENT if the host or port cannot be used.
Result<UniqueFd> ListenOn(const std::string& host, int port);

// The port that a socket is bound to.
int LocalPort(int fd);

// "127.0.0.1:41234" or "[::1]:41234".
std::string AddressText(const sockaddr_storage& address);

}  // namespace flambeau
