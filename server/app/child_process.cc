#include "app/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

#include "base/unique_fd.h"

namespace flambeau {
namespace {

constexpr size_t kMaxErrorBytes = 4096;

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> MakePipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Internal("there is no pipe left");
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// A file in memory: unlike a pipe it takes any text before somebody reads.
Result<UniqueFd> MakeInput(const std::string& text) {
  UniqueFd input(memfd_create("input", MFD_CLOEXEC));
  if (!input.valid()) return Internal("there is no memory for its input");
  for (size_t at = 0; at < text.size();) {
    const ssize_t written = write(input.get(), text.data() + at, text.size() - at);
    if (written <= 0) return Internal("there is no memory for its input");
    at += static_cast<size_t>(written);
  }
  lseek(input.get(), 0, SEEK_SET);
  return input;
}

// What posix_spawn is told; freed at the end.
class SpawnPlan {
 public:
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  void Files(int input, int errors, int report) {
    posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, errors, STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, report, kReportDescriptor);
    posix_spawn_file_actions_addclosefrom_np(&actions_, kReportDescriptor + 1);
  }

  // The server blocks and ignores signals that must end a child.
  void Signals() {
    sigset_t set;
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attributes_, &set);
    for (const int signal : {SIGPIPE, SIGINT, SIGTERM}) sigaddset(&set, signal);
    posix_spawnattr_setsigdefault(&attributes_, &set);
    posix_spawnattr_setflags(&attributes_, static_cast<short>(POSIX_SPAWN_SETSID) |
                                               POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }

  Result<pid_t> Spawn(const ChildCommand& command) const {
    std::vector<std::string> words = command.arguments;
    words.insert(words.begin(), command.program);
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_t pid = 0;
    const int error =
        posix_spawn(&pid, command.program.c_str(), &actions_, &attributes_, argv.data(), environ);
    if (error != 0) return Internal("the system refuses to start it");
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

// A child that has been started: its end must be waited for.
class Child {
 public:
  Child(pid_t pid, UniqueFd report, UniqueFd errors)
      : pid_(pid), report_(std::move(report)), errors_(std::move(errors)) {}

  ChildEnd Wait(size_t max_report_bytes, TimePoint deadline) {
    // The report's end is the child's: it keeps that descriptor open while it lives.
    while (report_.valid() && !end_.timed_out) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      end_.timed_out = left.count() <= 0;
      if (!end_.timed_out) Read(max_report_bytes, left);
    }
    kill(-pid_, SIGKILL);  // what it started, too; no harm to one that has ended
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    while (errors_.valid() && ReadyNow(errors_)) AppendErrors();
    if (WIFSIGNALED(status)) end_.signal = WTERMSIG(status);
    if (WIFEXITED(status)) end_.exit_code = WEXITSTATUS(status);
    return std::move(end_);
  }

 private:
  void Read(size_t max_report_bytes, std::chrono::milliseconds left) {
    std::array<pollfd, 2> ready = {{{report_.get(), POLLIN, 0}, {errors_.get(), POLLIN, 0}}};
    constexpr std::chrono::milliseconds kLongest(60'000);
    if (poll(ready.data(), ready.size(), static_cast<int>(std::min(left, kLongest).count())) <= 0) {
      return;
    }
    if (ready[1].revents != 0) AppendErrors();
    if (ready[0].revents != 0) Append(&report_, &end_.report);
    if (end_.report.size() > max_report_bytes) end_.report.resize(max_report_bytes);
  }

  static bool ReadyNow(const UniqueFd& from) {
    pollfd ready{from.get(), POLLIN, 0};
    return poll(&ready, 1, 0) > 0;
  }

  void AppendErrors() {
    Append(&errors_, &end_.errors);
    if (end_.errors.size() > kMaxErrorBytes) {
      end_.errors.erase(0, end_.errors.size() - kMaxErrorBytes);
    }
  }

  // Closes it at its end.
  static void Append(UniqueFd* from, std::string* to) {
    std::array<char, 65536> buffer;  // NOLINT(*-member-init): read fills it
    const ssize_t count = read(from->get(), buffer.data(), buffer.size());
    if (count > 0) {
      to->append(buffer.data(), static_cast<size_t>(count));
    } else if (count == 0 || errno != EINTR) {
      from->Close();
    }
  }

  const pid_t pid_;
  UniqueFd report_;
  UniqueFd errors_;
  ChildEnd end_;
};

}  // namespace

Result<ChildEnd> RunChild(const ChildCommand& command, TimePoint deadline) {
  FLAMBEAU_ASSIGN_OR_RETURN(const UniqueFd input, MakeInput(command.input));
  FLAMBEAU_ASSIGN_OR_RETURN(Pipe report, MakePipe());
  FLAMBEAU_ASSIGN_OR_RETURN(Pipe errors, MakePipe());
  SpawnPlan plan;
  plan.Files(input.get(), errors.write.get(), report.write.get());
  plan.Signals();
  FLAMBEAU_ASSIGN_OR_RETURN(const pid_t pid, plan.Spawn(command));
  report.write.Close();
  errors.write.Close();
  return Child(pid, std::move(report.read), std::move(errors.read))
      .Wait(command.max_report_bytes, deadline);
}

}  // namespace flambeau
