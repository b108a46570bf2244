#include <new>
#include <string_view>
#include <utility>

#include "grpc/call_context.h"
#include "grpc/infer_messages.h"
#include "grpc/infer_stream_internal.h"
#include "grpc/rpcs/model_stream_infer.h"
#include "grpc/status_mapping.h"
#include "proto/inference.pb.h"

namespace flambeau {
namespace {

// Source: Triton inference_protocols.md, "GRPC Status Codes".
constexpr char kErrorKey[] = "triton_grpc_error";

bool WantsGrpcErrors(const grpc::ServerContext& context) {
  const auto found = context.client_metadata().find(kErrorKey);
  return found != context.client_metadata().end() && found->second == "true";
}

}  // namespace

InferStream::InferStream(Rpc* rpc, const InferService& service)
    : rpc_(rpc), service_(service), ends_with_error_(WantsGrpcErrors(rpc->context())) {}

void InferStream::OnStart() {
  service_.streams->Add(shared_from_this());
  std::unique_lock lock(mutex_);
  const Steps steps = Next();
  lock.unlock();
  Do(steps);
}

void InferStream::Drain() {
  std::unique_lock lock(mutex_);
  if (ending_) return;
  ending_ = true;
  end_ = Unavailable("The server is stopping; open the stream to another one.");
  const Steps steps = Next();
  lock.unlock();
  Do(steps);
}

void InferStream::OnReadDone(bool ok) {
  std::unique_lock lock(mutex_);
  if (ok && !ending_) {
    slots_.push_back(std::make_shared<Slot>());
    const std::shared_ptr<Slot> slot = slots_.back();
    lock.unlock();
    Take(slot);
    lock.lock();
  } else {
    ending_ = true;
  }
  reading_ = false;
  const Steps steps = Next();
  lock.unlock();
  Do(steps);
}

void InferStream::Take(const std::shared_ptr<Slot>& slot) try {
  const auto message = ParseInferRequest(&request_);
  if (!message.ok()) {
    RequestContext refused = ToRequestContext(*rpc_, "stream_infer", cancel_);
    return Complete(slot, service_.inference->Refuse(std::move(refused), message.status()));
  }
  slot->id = (*message)->id();
  Result<Call> call =
      BeginInfer(service_, ToRequestContext(*rpc_, "stream_infer", cancel_), **message);
  if (!call.ok()) return Complete(slot, call.status());
  SubmitInfer(service_, *std::move(call), *message,
              [stream = shared_from_this(), slot](Result<UndeliveredResult> result) {
                stream->Complete(slot, std::move(result));
              });
} catch (const std::bad_alloc&) {
  Complete(slot, ResourceExhausted("There is no memory for the request; try again in a moment."));
}

void InferStream::Complete(const std::shared_ptr<Slot>& slot, Result<UndeliveredResult> result) {
  std::unique_lock lock(mutex_);
  if (closed_ || slot->result) return;
  slot->result = std::move(result);
  const Steps steps = Next();
  lock.unlock();
  Do(steps);
}

// The first answer, taken out; null if the stream has been closed meanwhile.
std::shared_ptr<InferStream::Slot> InferStream::TakeFirst() {
  const std::lock_guard lock(mutex_);
  if (closed_) return nullptr;
  std::shared_ptr<Slot> slot = std::move(slots_.front());
  slots_.pop_front();
  return slot;
}

void InferStream::Send() {
  const std::shared_ptr<Slot> slot = TakeFirst();
  const Status status = slot != nullptr ? Encode(slot.get()) : OkStatus();
  if (slot != nullptr && (status.ok() || !ends_with_error_)) {
    if (!status.ok()) WriteStreamError(slot->id, status, &response_);
    return rpc_->StartWrite(response_);
  }
  std::unique_lock lock(mutex_);
  writing_ = false;
  if (slot != nullptr) Close(status);
  const Steps steps = Next();
  lock.unlock();
  Do(steps);
}

Status InferStream::Encode(Slot* slot) try {
  if (!slot->result->ok()) return slot->result->status();
  UndeliveredResult& answer = **slot->result;
  FLAMBEAU_RETURN_IF_ERROR(answer.delivery.Deliver(&answer.result));
  return WriteStreamAnswer(answer.result, answer.requested, &response_);
} catch (const std::bad_alloc&) {
  return ResourceExhausted("There is no memory for the answer; try again with fewer rows.");
}

void InferStream::OnWriteDone(bool ok) {
  response_.Clear();  // gives the batch back that it was a view of
  std::unique_lock lock(mutex_);
  writing_ = false;
  if (!ok) Close(Cancelled("The client has gone."));
  const Steps steps = Next();
  lock.unlock();
  Do(steps);
}

void InferStream::OnCancel() {
  const bool late = DeadlinePassed(*rpc_);
  std::unique_lock lock(mutex_);
  Close(late ? DeadlineExceeded("The stream's deadline passed.")
             : Cancelled("The client cancelled the stream."));
  const Steps steps = Next();
  lock.unlock();
  Do(steps);
}

void InferStream::OnDone() { service_.streams->Remove(this); }

void InferStream::Close(Status end) {
  cancel_->Cancel();
  if (closed_) return;
  closed_ = true;
  ending_ = true;
  end_ = std::move(end);
  slots_.clear();
}

InferStream::Steps InferStream::Next() {
  Steps steps;
  if (finished_) return steps;
  if (!ending_ && !reading_ && slots_.size() < kMaxInFlight) {
    steps.read = reading_ = true;
    ++starting_;
  }
  if (!closed_ && !writing_ && !slots_.empty() && slots_.front()->result) {
    steps.post = writing_ = true;
    steps.brief = IsBrief(*slots_.front()->result);
  }
  // A read that is still open does not matter: gRPC ends it with the call.
  if (ending_ && !writing_ && starting_ == 0 && (closed_ || slots_.empty())) {
    steps.finish = finished_ = true;
  }
  return steps;
}

void InferStream::Do(Steps steps) {
  // Once finished, gRPC may be done with the call before Finish returns.
  const std::shared_ptr<InferStream> alive = shared_from_this();
  while (true) {
    if (steps.post) PostReply(service_, rpc_, steps.brief, alive);
    if (steps.finish) rpc_->Finish(ToGrpcStatus(end_));
    if (!steps.read) return;
    rpc_->StartRead(&request_);
    const std::lock_guard lock(mutex_);
    --starting_;
    steps = Next();
  }
}

}  // namespace flambeau
