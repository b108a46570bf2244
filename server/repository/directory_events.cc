#include "repository/directory_events.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>

#include "base/thread.h"
#include "base/unique_fd.h"

namespace flambeau {
namespace {

// Not IN_MODIFY, which a copy sends without end: its end is what counts.
constexpr uint32_t kMask = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE |
                           IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

class Inotify final : public DirectoryEvents {
 public:
  explicit Inotify(OnEvent on_event)
      : on_event_(std::move(on_event)),
        events_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
        stop_(eventfd(0, EFD_CLOEXEC)),
        thread_("watch-events", [this] { Run(); }) {}

  ~Inotify() override {
    const uint64_t one = 1;
    // An eventfd at zero takes it.
    [[maybe_unused]] const ssize_t written = write(stop_.get(), &one, sizeof one);
    thread_.Join();
  }

  Status Watch(const std::set<std::string>& directories) override {
    const std::lock_guard lock(mutex_);
    std::map<int, std::string> watched;
    Status refused;
    for (const std::string& directory : directories) {
      // Asked for again, it answers with the number it had; a new directory gets a new one.
      const int number = inotify_add_watch(events_.get(), directory.c_str(), kMask);
      if (number >= 0) {
        watched[number] = directory;
      } else if (errno != ENOENT && errno != ENOTDIR) {
        refused = Unavailable(std::string("the system does not watch directories for us: ") +
                              strerror(errno));
      }
    }
    for (const auto& [number, directory] : watched_) {
      if (watched.count(number) == 0) inotify_rm_watch(events_.get(), number);
    }
    watched_ = std::move(watched);
    return refused;
  }

 private:
  void Run() {
    std::array<pollfd, 2> waited = {pollfd{events_.get(), POLLIN, 0},
                                    pollfd{stop_.get(), POLLIN, 0}};
    while (true) {
      const int ready = poll(waited.data(), waited.size(), -1);
      if (ready < 0 && errno != EINTR) return;
      if (ready < 0) continue;
      if (waited[1].revents != 0) return;
      Read();
    }
  }

  void Read() {
    alignas(inotify_event) std::array<char, 16384> buffer{};
    const ssize_t size = read(events_.get(), buffer.data(), buffer.size());
    for (ssize_t at = 0; at < size;) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* name = buffer.data() + at + sizeof event;
      at += static_cast<ssize_t>(sizeof event + event.len);
      if ((event.mask & IN_IGNORED) != 0) continue;
      on_event_((event.mask & IN_MOVED_TO) != 0 ? PathOf(event.wd, name) : std::nullopt);
    }
  }

  std::optional<std::string> PathOf(int number, const char* name) {
    const std::lock_guard lock(mutex_);
    const auto found = watched_.find(number);
    if (found == watched_.end()) return std::nullopt;
    return found->second + "/" + name;
  }

  const OnEvent on_event_;
  const UniqueFd events_;
  const UniqueFd stop_;
  std::mutex mutex_;
  std::map<int, std::string> watched_;
  Thread thread_;  // last: it uses the above
};

}  // namespace

std::unique_ptr<DirectoryEvents> DirectoryEvents::Create(OnEvent on_event) {
  return std::make_unique<Inotify>(std::move(on_event));
}

}  // namespace flambeau
