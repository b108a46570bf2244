#include "cli/bench/socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace flambeau::client {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

// The errno of a connection that is being made; 0 once it is there.
int WaitConnected(int socket, std::chrono::milliseconds timeout) {
  pollfd entry{socket, POLLOUT, 0};
  if (poll(&entry, 1, static_cast<int>(timeout.count())) != 1) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof(error);
  return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

Descriptor::~Descriptor() {
  if (valid()) close(number_);
}

absl::StatusOr<HttpAddress> ParseHttpAddress(const std::string& url) {
  constexpr size_t kSchemeSize = sizeof("http://") - 1;
  const auto mistake = [&url] {
    return absl::InvalidArgumentError("'" + url + "' is no address; write --url http://HOST:PORT");
  };
  if (!url.starts_with("http://")) return mistake();
  std::string place = url.substr(kSchemeSize);
  if (!place.empty() && place.back() == '/') place.pop_back();
  size_t colon = place.rfind(':');
  if (!place.empty() && place.back() == ']') colon = std::string::npos;  // "[::1]"
  HttpAddress address{place.substr(0, colon),
                      colon == std::string::npos ? "80" : place.substr(colon + 1)};
  if (address.host.starts_with('[') && address.host.ends_with(']')) {
    address.host = address.host.substr(1, address.host.size() - 2);
  }
  if (address.host.empty() || address.port.empty() || place.find('/') != std::string::npos) {
    return mistake();
  }
  return address;
}

absl::StatusOr<Descriptor> Connect(const HttpAddress& address, std::chrono::milliseconds timeout) {
  const std::string nobody = "no server answers at " + address.host + ":" + address.port + " (";
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found);
  if (code != 0) return absl::UnavailableError(nobody + gai_strerror(code) + ")");
  const AddressList list(found, freeaddrinfo);
  int error = 0;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    Descriptor socket(::socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.valid()) {
      error = errno;
      continue;
    }
    const int one = 1;
    setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    error = connect(socket.get(), at->ai_addr, at->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) error = WaitConnected(socket.get(), timeout);
    if (error == 0) return socket;
  }
  return absl::UnavailableError(nobody + std::strerror(error) + ")");
}

void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace flambeau::client
