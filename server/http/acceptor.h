// Takes new connections off the listening socket and deals them out to the loops. No error of one
// connection, and no shortage of descriptors, ends it.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "http/mailbox.h"
#include "http/socket.h"

namespace flambeau {

// Where a loop receives connections, and how many it has.
struct LoopLoad {
  std::shared_ptr<Mailbox> mailbox;
  std::atomic<size_t> connections{0};
};

// Threads: the one loop that it belongs to. Lifetime: the loads outlive it; destroyed, it stops
// listening. Errors: logged, at most once a second.
class Acceptor {
 public:
  struct Options {
    std::string name;
    size_t max_connections = 0;
  };

  enum class Accepted { kAll, kSome, kShort };

  Acceptor(UniqueFd listening, const Options& options, std::vector<std::shared_ptr<LoopLoad>> loads,
           Log* log);

  int fd() const { return listening_.get(); }
  // Accepts what is there, a bounded number of times (kSome: there may be more). kShort: the system
  // is short of something, do not ask again before RetryAt.
  Accepted Accept(TimePoint now);
  // Before it stops listening: whoever waits there is connected, and would be reset.
  void AcceptRest(TimePoint now);
  TimePoint RetryAt() const { return retry_at_; }
  void Resume() { retry_at_ = kNoDeadline; }

 private:
  void Deal(UniqueFd fd, std::string peer);
  void RefuseOverCap(UniqueFd fd);
  int SpendReserve();
  void BackOff(TimePoint now, int error);
  void Warn(TimePoint now, std::string_view event, std::string_view detail);

  UniqueFd listening_;
  UniqueFd reserve_;  // given up for a moment to turn a client away when no descriptor is left
  const Options options_;
  const std::vector<std::shared_ptr<LoopLoad>> loads_;
  Log* const log_;
  TimePoint retry_at_ = kNoDeadline;
  TimePoint warn_again_at_{};
};

}  // namespace flambeau
