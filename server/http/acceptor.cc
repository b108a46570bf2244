#include "http/acceptor.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "http/response_writer.h"
#include "http/status_mapping.h"

namespace flambeau {
namespace {

constexpr int kAcceptsPerTurn = 64;
constexpr Duration kBackOff = std::chrono::milliseconds(100);

UniqueFd OpenReserve() { return UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

// Errors of the connection that was about to be accepted, or of none: the next one may be fine.
bool IsPassing(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case EPERM:
      return true;
    default:
      return false;
  }
}

}  // namespace

Acceptor::Acceptor(UniqueFd listening, const Options& options,
                   std::vector<std::shared_ptr<LoopLoad>> loads, Log* log)
    : listening_(std::move(listening)),
      reserve_(OpenReserve()),
      options_(options),
      loads_(std::move(loads)),
      log_(log) {}

Acceptor::Accepted Acceptor::Accept(TimePoint now) {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    sockaddr_storage address{};
    socklen_t length = sizeof(address);
    UniqueFd fd(accept4(listening_.get(), reinterpret_cast<sockaddr*>(&address), &length,
                        SOCK_NONBLOCK | SOCK_CLOEXEC));
    const int error = errno;
    if (fd.valid()) {
      try {
        Deal(std::move(fd), AddressText(address));
      } catch (...) {  // no memory: the client is turned away
      }
    } else if (error == EAGAIN) {
      return Accepted::kAll;
    } else if (error == EMFILE || error == ENFILE) {
      Warn(now, "connection refused", "no file descriptors left");
      const int shortage = SpendReserve();
      if (shortage == EAGAIN) return Accepted::kAll;
      if (shortage == 0) continue;
      BackOff(now, error);
      return Accepted::kShort;
    } else if (!IsPassing(error)) {
      BackOff(now, error);
      return Accepted::kShort;
    }
  }
  return Accepted::kSome;
}

void Acceptor::AcceptRest(TimePoint now) {
  for (int taken = 0; taken < kBacklog && Accept(now) == Accepted::kSome;) taken += kAcceptsPerTurn;
}

void Acceptor::Deal(UniqueFd fd, std::string peer) {
  size_t total = 0;
  LoopLoad* least = loads_.front().get();
  for (const auto& load : loads_) {
    total += load->connections.load();
    if (load->connections.load() < least->connections.load()) least = load.get();
  }
  if (total >= options_.max_connections) return RefuseOverCap(std::move(fd));
  const int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  ++least->connections;
  if (!least->mailbox->Post(NewConnection{std::move(fd), std::move(peer)})) --least->connections;
}

// A courtesy that costs no state: whether the client reads it is its own affair.
void Acceptor::RefuseOverCap(UniqueFd fd) {
  const HttpResponse response = ErrorResponse(503, "The server has too many connections open.");
  const std::string bytes = SerializeHead(response, {false, false, {}, {}}) + response.body;
  send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  shutdown(fd.get(), SHUT_WR);
  recv(fd.get(), nullptr, size_t{1} << 20, MSG_TRUNC | MSG_DONTWAIT);
}

// Turns one client away; without this it would neither be served nor refused, and the listening
// socket would stay readable for ever. Returns errno if there was none (EAGAIN) or it did not work.
int Acceptor::SpendReserve() {
  reserve_.Close();
  UniqueFd turned_away(accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  const int error = turned_away.valid() ? 0 : errno;
  turned_away.Close();
  reserve_ = OpenReserve();
  return error;
}

void Acceptor::BackOff(TimePoint now, int error) {
  Warn(now, "accepting paused", strerrorname_np(error));
  retry_at_ = now + kBackOff;
}

void Acceptor::Warn(TimePoint now, std::string_view event, std::string_view detail) {
  if (now < warn_again_at_) return;
  warn_again_at_ = now + std::chrono::seconds(1);
  log_->Warning(event, {{"listener", options_.name}, {"reason", detail}});
}

}  // namespace flambeau
