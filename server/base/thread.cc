#include "base/thread.h"

#include <pthread.h>
#include <sys/resource.h>

#include <utility>

namespace flambeau {

Thread::Thread(const std::string& name, std::function<void()> body)
    : thread_([short_name = name.substr(0, 15), run = std::move(body)] {
        pthread_setname_np(pthread_self(), short_name.c_str());
        run();
      }) {}

Thread& Thread::operator=(Thread&& other) noexcept {
  Join();
  thread_ = std::move(other.thread_);
  return *this;
}

void Thread::Join() {
  if (thread_.joinable()) thread_.join();
}

void GiveWay() {
  // A seventh of a core beside two busy threads: with less, a busy server would finish no load.
  constexpr int kNice = 5;
  // On Linux 0 is the calling thread alone. Root could also make one that is nicer less so.
  if (getpriority(PRIO_PROCESS, 0) < kNice) setpriority(PRIO_PROCESS, 0, kNice);
}

}  // namespace flambeau
