// What other threads hand to an event loop: new connections, answers, orders.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "base/status.h"
#include "base/wake_scope.h"
#include "http/message.h"
#include "http/socket.h"

namespace flambeau {

struct NewConnection {
  UniqueFd fd;
  std::string peer;
};

// An answer to the request `ticket` of the connection in `slot`; dropped if that request is over.
struct HttpReply {
  uint32_t slot = 0;
  uint64_t ticket = 0;
  std::variant<HttpResponse, MakeResponse> response;
};

enum class LoopOrder { kDrain, kStop };

using LoopMessage = std::variant<NewConnection, HttpReply, LoopOrder>;

// Bounded by what it carries: one message per connection opened and one per request in work.
// Threads: Post, Wake and Close from any; the rest from the loop. Lifetime: shared with every
// Responder, which may outlive the loop. Errors: Create; Post returns false once closed.
class Mailbox final : public Sleeper, public std::enable_shared_from_this<Mailbox> {
 public:
  static Result<std::shared_ptr<Mailbox>> Create();

  // Wakes the loop if it sleeps. `message` is dropped, outside any lock, if the mailbox is closed.
  bool Post(LoopMessage message);
  // What waited; from now on Post drops.
  std::vector<LoopMessage> Close();

  void Wake() override;
  int wake_fd() const { return wake_fd_.get(); }
  // True if the loop may sleep: nothing waits, and the next Post will wake it.
  bool PrepareSleep();
  // Everything that waits, into the empty `*messages`.
  void TakeAll(std::vector<LoopMessage>* messages);

 private:
  explicit Mailbox(UniqueFd wake_fd) : wake_fd_(std::move(wake_fd)) {}

  const UniqueFd wake_fd_;
  std::mutex mutex_;
  std::vector<LoopMessage> messages_;
  bool sleeping_ = false;
  bool closed_ = false;
};

}  // namespace flambeau
