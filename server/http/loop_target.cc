#include "http/loop_target.h"

#include <new>
#include <utility>

#include "http/status_mapping.h"

namespace flambeau {

LoopTarget::LoopTarget(std::shared_ptr<Mailbox> mailbox, uint32_t slot, uint64_t ticket)
    : mailbox_(std::move(mailbox)), slot_(slot), ticket_(ticket) {}

LoopTarget::~LoopTarget() {
  try {
    if (!answered_) Post(ErrorResponse(500, "The request was dropped by the server."));
  } catch (...) {  // no memory even for that: the client waits for its own timeout
  }
}

void LoopTarget::Deliver(HttpResponse response) { Post(std::move(response)); }

void LoopTarget::Deliver(MakeResponse make) { Post(std::move(make)); }

template <typename Response>
void LoopTarget::Post(Response response) {
  if (answered_.exchange(true)) return;
  mailbox_->Post(HttpReply{slot_, ticket_, std::move(response)});
}

HttpResponse MakeResponseOf(HttpReply reply) {
  if (auto* response = std::get_if<HttpResponse>(&reply.response)) return std::move(*response);
  try {
    return std::get<MakeResponse>(reply.response)();
  } catch (const std::bad_alloc&) {
    return ErrorResponse(503, "The server has no memory left for the answer.");
  } catch (...) {
    return ErrorResponse(500, "The answer could not be encoded.");
  }
}

}  // namespace flambeau
