#include "grpc/rpc.h"

#include <utility>

#include "batching/leader.h"
#include "grpc/rpc_queue.h"

namespace flambeau {
namespace {

constexpr size_t kLongMessage = 64u << 10;

}  // namespace

Rpc::~Rpc() { queue_->OnGone(); }

void Rpc::Request(grpc::AsyncGenericService* service, grpc::ServerCompletionQueue* events,
                  RpcQueue* queue) {
  auto* rpc = new Rpc(queue);
  rpc->context_.AsyncNotifyWhenDone(&rpc->ended_);
  service->RequestCall(&rpc->context_, &rpc->stream_, events, events, &rpc->requested_);
}

void Rpc::Happen(void* event, bool ok) {
  const Event& happened = *static_cast<const Event*>(event);
  (happened.rpc->*happened.happen)(ok);
}

void Rpc::AddInitialMetadata(const std::string& key, const std::string& value) {
  context_.AddInitialMetadata(key, value);
}

Leader* Rpc::leader() const { return queue_->leader(); }

void Rpc::Post(std::shared_ptr<Reply> reply) { queue_->Post(std::move(reply)); }

void Rpc::StartRead(grpc::ByteBuffer* message) {
  ++pending_;
  reading_ = message;
  stream_.Read(message, &read_);
}

void Rpc::StartWrite(const grpc::ByteBuffer& message) {
  ++pending_;
  stream_.Write(message, &written_);
}

void Rpc::Finish(const grpc::Status& status) { stream_.Finish(status, &finished_); }

void Rpc::WriteAndFinish(const grpc::ByteBuffer& message) {
  stream_.WriteAndFinish(message, {}, grpc::Status::OK, &finished_);
}

// Not ok: the server stops, and no call came.
void Rpc::OnRequest(bool ok) {
  if (!ok) {
    delete this;
    return;
  }
  queue_->OnAccepted();
  reactor_ = queue_->Find(context_.method())(this);
  reactor_->OnStart();
}

void Rpc::OnRead(bool ok) {
  // What this turn has read so far does not wait until a long message is decoded.
  if (ok && reading_->Length() > kLongMessage) queue_->leader()->Lead();
  reactor_->OnReadDone(ok);
  Release();
}

void Rpc::OnWrite(bool ok) {
  reactor_->OnWriteDone(ok);
  Release();
}

void Rpc::OnFinish(bool) { Release(); }

void Rpc::OnEnd(bool) {
  if (context_.IsCancelled()) reactor_->OnCancel();
  Release();
}

void Rpc::Release() {
  if (pending_.fetch_sub(1) != 1) return;
  reactor_->OnDone();
  delete this;
}

}  // namespace flambeau
