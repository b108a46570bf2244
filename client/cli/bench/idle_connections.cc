#include "cli/bench/idle_connections.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>

#include "cli/bench/http_response_reader.h"

namespace flambeau::client {
namespace {

absl::Status AskOnce(const Descriptor& socket, const std::string& request,
                     std::chrono::milliseconds timeout) {
  const absl::Status silent = absl::UnavailableError("an idle connection got no answer");
  // A new connection has room for a hundred bytes.
  if (send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    return silent;
  }
  HttpResponseReader reader;
  auto state = HttpResponseReader::State::kMore;
  while (state == HttpResponseReader::State::kMore) {
    pollfd entry{socket.get(), POLLIN, 0};
    if (poll(&entry, 1, static_cast<int>(timeout.count())) != 1) return silent;
    char buffer[4096];
    const ssize_t count = recv(socket.get(), buffer, sizeof(buffer), 0);
    if (count <= 0) return silent;
    std::string_view data(buffer, count);
    state = reader.Read(&data);
  }
  return state == HttpResponseReader::State::kDone ? absl::OkStatus() : silent;
}

}  // namespace

absl::StatusOr<IdleConnections> IdleConnections::Open(const HttpAddress& address, int count,
                                                      std::chrono::milliseconds timeout) {
  const std::string request = "GET /v2/health/live HTTP/1.1\r\nHost: " + address.host + "\r\n\r\n";
  std::vector<Descriptor> sockets;
  for (int i = 0; i < count; ++i) {
    absl::StatusOr<Descriptor> socket = Connect(address, timeout);
    if (!socket.ok()) return socket.status();
    const absl::Status asked = AskOnce(*socket, request, timeout);
    if (!asked.ok()) return asked;
    sockets.push_back(*std::move(socket));
  }
  return IdleConnections(std::move(sockets));
}

int IdleConnections::CountClosed() const {
  int closed = 0;
  for (const Descriptor& socket : sockets_) {
    char byte;
    const ssize_t count = recv(socket.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (count == 0 || (count < 0 && errno != EAGAIN)) ++closed;
  }
  return closed;
}

}  // namespace flambeau::client
