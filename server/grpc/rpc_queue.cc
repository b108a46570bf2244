#include "grpc/rpc_queue.h"

#include <grpc/support/time.h>

#include <utility>

#include "grpc/unary_call_internal.h"

namespace flambeau {
namespace {

// Calls that may come at once; the library keeps further ones until one of these is free again.
constexpr int kWaiting = 64;
// Events in a turn: what was submitted in it waits no longer.
constexpr int kMostInTurn = 64;

}  // namespace

RpcQueue::RpcQueue(std::unique_ptr<grpc::ServerCompletionQueue> queue,
                   grpc::AsyncGenericService* service, const RpcRoutes* routes)
    : queue_(std::move(queue)),
      service_(service),
      routes_(routes),
      unknown_(&RefuseUnknownMethod),
      outbox_(std::make_shared<RpcOutbox>(queue_.get())) {}

RpcQueue::~RpcQueue() {
  if (started_) return;  // its thread has shut it down, or will
  queue_->Shutdown();
  void* event = nullptr;
  for (bool ok = false; queue_->Next(&event, &ok);) {
  }
}

void RpcQueue::Start(const std::string& name) {
  started_ = true;
  thread_ = Thread(name, [this] { Run(); });
}

void RpcQueue::Join() { thread_.Join(); }

void RpcQueue::OnAccepted() {
  ++open_;
  Rpc::Request(service_, queue_.get(), this);
}

const RpcStart& RpcQueue::Find(const std::string& method) const {
  const auto found = routes_->find(method);
  return found != routes_->end() ? found->second : unknown_;
}

void RpcQueue::Run() {
  outbox_->Own();
  for (int i = 0; i < kWaiting; ++i) OnAccepted();
  void* event = nullptr;
  for (bool ok = false; queue_->Next(&event, &ok);) {
    Turn(event, ok);
    // None waits for a call any more: the server was shut down.
    if (open_ == 0 && !outbox_->AwaitsWakeUp()) queue_->Shutdown();
  }
}

void RpcQueue::Turn(void* event, bool ok) {
  Happen(event, ok);
  const gpr_timespec past = gpr_inf_past(GPR_CLOCK_MONOTONIC);
  for (int i = 1; i < kMostInTurn; ++i) {
    if (queue_->AsyncNext(&event, &ok, past) != grpc::CompletionQueue::GOT_EVENT) break;
    Happen(event, ok);
  }
  leader_.Lead();
  outbox_->SendAll();
}

void RpcQueue::Happen(void* event, bool ok) {
  if (!outbox_->TakeWakeUp(event)) Rpc::Happen(event, ok);
}

}  // namespace flambeau
