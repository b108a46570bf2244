// Where the answers to a connection's requests go, and how they become responses there.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "http/mailbox.h"
#include "http/message.h"

namespace flambeau {

// Posts the answer to the connection's loop. It knows the connection by slot and ticket only, so
// that it may outlive it, the loop and the listener.
// Threads: any. Lifetime: shared by the copies of a Responder; the last one answers 500 if nobody
// has. Errors: none.
class LoopTarget final : public ResponseTarget {
 public:
  LoopTarget(std::shared_ptr<Mailbox> mailbox, uint32_t slot, uint64_t ticket);
  ~LoopTarget() override;

  void Deliver(HttpResponse response) override;
  void Deliver(MakeResponse make) override;

 private:
  template <typename Response>
  void Post(Response response);

  const std::shared_ptr<Mailbox> mailbox_;
  const uint32_t slot_;
  const uint64_t ticket_;
  std::atomic<bool> answered_{false};
};

// The response in `reply`, made now if it was deferred; 500 or 503 if that fails.
HttpResponse MakeResponseOf(HttpReply reply);

}  // namespace flambeau
