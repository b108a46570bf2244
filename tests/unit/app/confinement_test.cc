#include "app/confinement.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace flambeau {
namespace {

// Confines a process of its own, since nothing takes it back, and exits with what `check` says.
template <typename Check>
[[noreturn]] void ConfineAndExit(const Confinement& confinement, Check check) {
  const bool complete = Confine(confinement).empty();
  std::_Exit(complete && check() ? 0 : 1);
}

uint64_t LimitOf(__rlimit_resource resource) {
  rlimit limit{};
  getrlimit(resource, &limit);
  return limit.rlim_cur;
}

TEST(ConfinementDeathTest, ThereIsNoNetwork) {
  EXPECT_EXIT(
      ConfineAndExit({},
                     [] {
                       const bool tcp = socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM;
                       const bool udp = socket(AF_INET6, SOCK_DGRAM, 0) < 0 && errno == EPERM;
                       return tcp && udp && connect(0, nullptr, 0) < 0 && errno == EPERM;
                     }),
      ::testing::ExitedWithCode(0), "");
}

// CUDA's driver listens on one, which nobody comes to.
TEST(ConfinementDeathTest, LocalSocketsReachNobody) {
  EXPECT_EXIT(ConfineAndExit({},
                             [] {
                               int pair[2];
                               const int type = SOCK_SEQPACKET | SOCK_CLOEXEC;
                               return socket(AF_UNIX, type, 0) >= 0 &&
                                      socketpair(AF_UNIX, type, 0, pair) == 0 &&
                                      connect(pair[0], nullptr, 0) < 0 && errno == EPERM &&
                                      socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0 &&
                                      errno == EPERM;
                             }),
              ::testing::ExitedWithCode(0), "");
}

TEST(ConfinementDeathTest, LimitsTimeAndYields) {
  EXPECT_EXIT(ConfineAndExit({0, 77},
                             [] {
                               return LimitOf(RLIMIT_CPU) == 77 && LimitOf(RLIMIT_CORE) == 0 &&
                                      getpriority(PRIO_PROCESS, 0) >= 5;
                             }),
              ::testing::ExitedWithCode(0), "");
}

TEST(ConfinementDeathTest, LimitsMemory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's memory has no limit";
#endif
  EXPECT_EXIT(ConfineAndExit({uint64_t{1} << 30, 0},
                             [] {
                               void* small = std::malloc(size_t{100} << 20);
                               void* large = std::malloc(size_t{2} << 30);
                               return small != nullptr && large == nullptr;
                             }),
              ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace flambeau
