#include "app/confinement.h"

#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <memory>

#include "base/thread.h"

namespace flambeau {
namespace {

// Of the time limit: a run beyond the soft one ends by SIGXCPU, which tells why.
constexpr uint64_t kGraceSeconds = 5;

// A sanitizer's shadow memory is larger than any limit.
constexpr bool HasShadowMemory() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#else
  return false;
#endif
}

void Limit(__rlimit_resource resource, uint64_t soft, uint64_t hard) {
  const rlimit limit{soft, hard};
  setrlimit(resource, &limit);
}

struct ReleaseFilter {
  void operator()(void* filter) const { seccomp_release(filter); }
};

// Refuses `call` for sockets but local ones that have to be connected before they send anything,
// which is refused. CUDA's driver makes one, to listen on.
bool RefuseSockets(void* filter, int call) {
  constexpr uint64_t kTypeMask = 0xf;  // without SOCK_CLOEXEC and SOCK_NONBLOCK
  const auto refuse = [&](scmp_arg_cmp condition) {
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 1, condition) == 0;
  };
  return refuse(SCMP_A0(SCMP_CMP_NE, AF_UNIX)) &&
         refuse(SCMP_A1(SCMP_CMP_MASKED_EQ, kTypeMask, SOCK_DGRAM)) &&
         refuse(SCMP_A1(SCMP_CMP_MASKED_EQ, kTypeMask, SOCK_RAW));
}

// io_uring makes sockets without the system calls that are refused.
bool RefuseNetwork() {
  const std::unique_ptr<void, ReleaseFilter> filter(seccomp_init(SCMP_ACT_ALLOW));
  if (filter == nullptr) return false;
  for (const int call : {SCMP_SYS(connect), SCMP_SYS(io_uring_setup)}) {
    if (seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), call, 0) != 0) return false;
  }
  return RefuseSockets(filter.get(), SCMP_SYS(socket)) &&
         RefuseSockets(filter.get(), SCMP_SYS(socketpair)) && seccomp_load(filter.get()) == 0;
}

}  // namespace

std::vector<std::string> Confine(const Confinement& confinement) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  GiveWay();
  std::ofstream("/proc/self/oom_score_adj") << 1000;
  Limit(RLIMIT_CORE, 0, 0);
  if (confinement.memory_bytes > 0 && !HasShadowMemory()) {
    Limit(RLIMIT_DATA, confinement.memory_bytes, confinement.memory_bytes);
  }
  if (confinement.cpu_seconds > 0) {
    Limit(RLIMIT_CPU, confinement.cpu_seconds, confinement.cpu_seconds + kGraceSeconds);
  }
  if (RefuseNetwork()) return {};
  return {"it was checked with the network within reach: this system has no seccomp filters"};
}

}  // namespace flambeau
