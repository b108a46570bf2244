// One asynchronous request.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/async_unary_call.h>

#include <memory>
#include <mutex>

#include "flambeau/core_internal.h"

namespace flambeau::client {

// Its attempts, the pauses between them and its cancellation, as a state machine on the event loop.
// Threads: Start and Cancel by any. Lifetime: keeps itself until the callback has returned.
// Errors: the callback's.
class InferCall final : public Event {
 public:
  struct Environment {
    inference::GRPCInferenceService::Stub* stub;
    EventLoop* loop;
    Slots* slots;  // one of them is this call's
    Cancellation closing;
  };

  static void Start(const Environment& environment, inference::ModelInferRequest message,
                    Client::OnAnswer on_answer, Attempts attempts, TimePoint deadline,
                    const std::optional<Cancellation>& cancellation);

 private:
  InferCall(const Environment& environment, inference::ModelInferRequest message,
            Client::OnAnswer on_answer, Attempts attempts, TimePoint deadline)
      : environment_(environment),
        message_(std::move(message)),
        on_answer_(std::move(on_answer)),
        deadline_(deadline),
        attempts_(std::move(attempts)) {}

  void Proceed(bool ok) override;
  void Cancel();
  void Attempt();                                         // holding the lock
  void Pause(std::chrono::nanoseconds time);              // holding the lock
  std::optional<absl::StatusOr<InferResponse>> Answer();  // holding the lock; nothing: it goes on
  void End(absl::StatusOr<InferResponse> answer);

  const Environment environment_;
  const inference::ModelInferRequest message_;
  const Client::OnAnswer on_answer_;
  const TimePoint deadline_;
  std::shared_ptr<InferCall> self_;
  std::optional<OnCancel> on_closing_;
  std::optional<OnCancel> on_cancel_;

  std::mutex mutex_;
  Attempts attempts_;
  bool cancelled_ = false;
  std::unique_ptr<grpc::Alarm> pause_;  // set: the pause is what is pending, not an attempt
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<inference::ModelInferResponse>> reader_;
  inference::ModelInferResponse response_;
  grpc::Status status_;
};

}  // namespace flambeau::client
