#include <utility>

#include "flambeau/stream_call_internal.h"

namespace flambeau::client {

std::shared_ptr<StreamCall> StreamCall::Start(const Environment& environment,
                                              Stream::OnAnswer on_answer, const CallOptions& call) {
  const std::shared_ptr<StreamCall> stream(new StreamCall(environment, std::move(on_answer)));
  StreamCall* const raw = stream.get();
  stream->self_ = stream;
  if (call.timeout) SetDeadline(DeadlineIn(*call.timeout), &raw->context_);
  stream->stream_ =
      environment.stub->PrepareAsyncModelStreamInfer(&raw->context_, environment.loop->queue());
  stream->on_closing_ = std::make_unique<OnCancel>(environment.closing, [raw] { raw->Cancel(); });
  if (call.cancellation) {
    stream->on_cancel_ = std::make_unique<OnCancel>(*call.cancellation, [raw] { raw->Cancel(); });
  }
  stream->stream_->StartCall(&stream->started_step_);
  return stream;
}

absl::Status StreamCall::Send(InferRequest request) {
  inference::ModelInferRequest message = ToMessage(std::move(request));
  std::unique_lock lock(mutex_);
  const auto may_go_on = [this] {
    return ending_ || finishing_ || queue_.size() < environment_.max_queued;
  };
  if (!may_go_on() && environment_.loop->OnThread()) {
    return absl::ResourceExhaustedError(
        "as many requests as max_in_flight allows are waiting to be sent, and a callback must not "
        "wait for one to go; send it from another thread");
  }
  if (!changed_.wait_until(lock, DeadlineIn(environment_.patience), may_go_on)) {
    return absl::DeadlineExceededError(
        "the server did not take a request off the stream within call_timeout");
  }
  if (finishing_) return absl::FailedPreconditionError("Finish was called; open another stream");
  if (ending_) return Why();
  queue_.push_back(std::move(message));
  WriteNext();
  return absl::OkStatus();
}

absl::Status StreamCall::Why() const {
  if (!ended_ || end_.ok()) return absl::UnavailableError("the stream has ended; open another one");
  return end_;
}

absl::Status StreamCall::Finish() {
  std::unique_lock lock(mutex_);
  if (!ended_ && environment_.loop->OnThread()) {
    return absl::FailedPreconditionError("Finish waits for answers, which a callback must not");
  }
  finishing_ = true;
  changed_.notify_all();  // for a Send that waits
  WriteNext();
  const auto is_over = [this] { return ended_; };
  if (changed_.wait_until(lock, DeadlineIn(environment_.patience), is_over)) return end_;
  context_.TryCancel();
  changed_.wait(lock, is_over);  // which gRPC ends at once
  return absl::DeadlineExceededError("not every answer came within call_timeout");
}

void StreamCall::Cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  context_.TryCancel();
}

void StreamCall::AwaitEnd() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ended_; });
}

void StreamCall::OnStarted(bool ok) {
  const std::lock_guard lock(mutex_);
  reading_ = ok;
  writing_ = false;
  if (ok) {
    stream_->Read(&response_, &read_step_);
    WriteNext();
  }
  EndIfDone();
}

void StreamCall::OnRead(bool ok) {
  if (ok) {
    Deliver();
    stream_->Read(&response_, &read_step_);
    return;
  }
  const std::lock_guard lock(mutex_);
  reading_ = false;
  EndIfDone();
}

void StreamCall::Deliver() {
  const std::string id = response_.infer_response().id();
  if (!response_.error_message().empty()) {
    on_answer_(id, absl::UnknownError(response_.error_message()));
  } else {
    on_answer_(id, FromMessage(response_.mutable_infer_response()));
  }
}

void StreamCall::OnWritten(bool ok) {
  const std::lock_guard lock(mutex_);
  writing_ = false;
  if (ok) WriteNext();  // otherwise the call is over, as the read will tell
  EndIfDone();
}

void StreamCall::WriteNext() {
  if (writing_ || ending_ || half_closed_) return;
  if (!queue_.empty()) {
    writing_ = true;
    // Serialised before it returns.
    stream_->Write(queue_.front(), &write_step_);
    queue_.pop_front();
    changed_.notify_all();
  } else if (finishing_) {
    writing_ = half_closed_ = true;
    stream_->WritesDone(&write_step_);
  }
}

void StreamCall::EndIfDone() {
  if (reading_ || writing_ || ending_) return;
  ending_ = true;
  stream_->Finish(&grpc_status_, &end_step_);
}

void StreamCall::OnEnded(bool) {
  on_closing_.reset();
  on_cancel_.reset();
  const std::shared_ptr<StreamCall> alive = std::move(self_);
  const std::lock_guard lock(mutex_);
  end_ = ToStatus(grpc_status_, cancelled_);
  if (end_.ok() && !queue_.empty()) {
    end_ = absl::UnavailableError("the server ended the stream before it took every request");
  }
  ended_ = true;
  environment_.slots->Give();
  changed_.notify_all();
}

Stream::Stream(std::shared_ptr<StreamCall> call) : call_(std::move(call)) {}

Stream::~Stream() {
  call_->Cancel();
  call_->AwaitEnd();
}

absl::Status Stream::Send(InferRequest request) { return call_->Send(std::move(request)); }
absl::Status Stream::Finish() { return call_->Finish(); }
void Stream::Cancel() { call_->Cancel(); }

}  // namespace flambeau::client
