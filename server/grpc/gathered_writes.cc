#include "grpc/gathered_writes.h"

#include <dlfcn.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

namespace flambeau {
namespace {

thread_local GatheredWrites* scope_here = nullptr;

using SendMessage = ssize_t (*)(int fd, const msghdr* message, int flags);

SendMessage Original() {
  static const auto original = reinterpret_cast<SendMessage>(dlsym(RTLD_NEXT, "sendmsg"));
  return original;
}

}  // namespace

GatheredWrites::GatheredWrites() { scope_here = this; }

// Sending what waits is a side effect of asking for no delay, which these connections have anyway:
// if a connection has gone and its descriptor is another's by now, no harm is done.
GatheredWrites::~GatheredWrites() {
  scope_here = nullptr;
  constexpr int kYes = 1;
  for (const int fd : fds_) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &kYes, sizeof(kYes));
}

GatheredWrites* GatheredWrites::Current() { return scope_here; }

void GatheredWrites::Add(int fd) {
  if (std::find(fds_.begin(), fds_.end(), fd) == fds_.end()) fds_.push_back(fd);
}

}  // namespace flambeau

// Source: tcp(7), MSG_MORE; send(2).
extern "C" [[gnu::visibility("default")]] ssize_t sendmsg(int fd, const msghdr* message,
                                                          int flags) {
  flambeau::GatheredWrites* scope = flambeau::GatheredWrites::Current();
  if (scope == nullptr) return flambeau::Original()(fd, message, flags);
  scope->Add(fd);
  return flambeau::Original()(fd, message, flags | MSG_MORE);
}
