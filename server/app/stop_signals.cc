#include "app/stop_signals.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>

namespace flambeau {

StopSignals::StopSignals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigemptyset(&set_);
  sigaddset(&set_, SIGTERM);
  sigaddset(&set_, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
}

int StopSignals::WaitFor(Duration duration) {
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
  timespec wait{ns / 1'000'000'000, ns % 1'000'000'000};
  return std::max(sigtimedwait(&set_, nullptr, &wait), 0);
}

void StopSignals::Raise() { kill(getpid(), SIGTERM); }

}  // namespace flambeau
