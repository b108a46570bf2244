#include "flambeau/infer_call_internal.h"

#include <utility>

namespace flambeau::client {

void InferCall::Start(const Environment& environment, inference::ModelInferRequest message,
                      Client::OnAnswer on_answer, Attempts attempts, TimePoint deadline,
                      const std::optional<Cancellation>& cancellation) {
  const std::shared_ptr<InferCall> call(new InferCall(
      environment, std::move(message), std::move(on_answer), std::move(attempts), deadline));
  call->self_ = call;
  call->on_closing_.emplace(environment.closing, [raw = call.get()] { raw->Cancel(); });
  if (cancellation) call->on_cancel_.emplace(*cancellation, [raw = call.get()] { raw->Cancel(); });
  const std::lock_guard lock(call->mutex_);
  call->Attempt();
}

void InferCall::Cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  if (context_) context_->TryCancel();
  if (pause_) pause_->Cancel();
}

void InferCall::Attempt() {
  if (cancelled_) return Pause({});  // so that it ends on the loop's thread
  reader_.reset();                   // its memory is its context's
  context_ = std::make_unique<grpc::ClientContext>();
  SetDeadline(deadline_, context_.get());
  reader_ = environment_.stub->PrepareAsyncModelInfer(context_.get(), message_,
                                                      environment_.loop->queue());
  reader_->StartCall();
  reader_->Finish(&response_, &status_, this);
}

void InferCall::Pause(std::chrono::nanoseconds time) {
  pause_ = std::make_unique<grpc::Alarm>();
  pause_->Set(environment_.loop->queue(),
              std::chrono::system_clock::now() +
                  std::chrono::duration_cast<std::chrono::system_clock::duration>(time),
              this);
}

void InferCall::Proceed(bool) {
  std::unique_lock lock(mutex_);
  std::optional<absl::StatusOr<InferResponse>> answer = Answer();
  lock.unlock();
  if (answer) End(*std::move(answer));
}

std::optional<absl::StatusOr<InferResponse>> InferCall::Answer() {
  if (pause_ != nullptr) {
    pause_.reset();
    if (cancelled_) return absl::CancelledError("the call was cancelled");
    Attempt();
    return std::nullopt;
  }
  if (status_.ok()) return FromMessage(&response_);
  if (cancelled_) return absl::CancelledError("the call was cancelled");
  absl::Status error = ToStatus(status_, /*cancelled=*/false);
  const auto pause = attempts_.PauseAfter(error, PushbackOf(*context_));
  if (!pause) return error;
  Pause(*pause);
  return std::nullopt;
}

void InferCall::End(absl::StatusOr<InferResponse> answer) {
  on_closing_.reset();
  on_cancel_.reset();
  // First, so that the callback can send the next one.
  environment_.slots->Give();
  on_answer_(std::move(answer));
  self_.reset();
}

}  // namespace flambeau::client
