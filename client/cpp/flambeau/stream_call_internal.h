// One bidirectional stream on the event loop.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/async_stream.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "flambeau/core_internal.h"
#include "flambeau/stream.h"

namespace flambeau::client {

// Threads: any, but Proceed's. Lifetime: keeps itself until the call has ended.
// Errors: as Stream's.
class StreamCall {
 public:
  struct Environment {
    inference::GRPCInferenceService::Stub* stub;
    EventLoop* loop;  // not touched once the stream has ended
    Slots* slots;     // one of them is this stream's
    Cancellation closing;
    size_t max_queued;
    std::chrono::milliseconds patience;
  };

  static std::shared_ptr<StreamCall> Start(const Environment& environment,
                                           Stream::OnAnswer on_answer, const CallOptions& call);

  absl::Status Send(InferRequest request);
  absl::Status Finish();
  void Cancel();
  void AwaitEnd();

 private:
  // What gRPC gives back when a step is done.
  struct Step final : Event {
    Step(StreamCall* call, void (StreamCall::*done)(bool)) : call(call), done(done) {}
    void Proceed(bool ok) override { (call->*done)(ok); }

    StreamCall* const call;
    void (StreamCall::*const done)(bool);
  };

  StreamCall(const Environment& environment, Stream::OnAnswer on_answer)
      : environment_(environment), on_answer_(std::move(on_answer)) {}

  void OnStarted(bool ok);
  void OnRead(bool ok);
  void OnWritten(bool ok);
  void OnEnded(bool ok);
  void Deliver();
  void WriteNext();          // holding the lock
  void EndIfDone();          // holding the lock
  absl::Status Why() const;  // holding the lock; why nothing can be sent any more

  const Environment environment_;
  const Stream::OnAnswer on_answer_;
  Step started_step_{this, &StreamCall::OnStarted};
  Step read_step_{this, &StreamCall::OnRead};
  Step write_step_{this, &StreamCall::OnWritten};
  Step end_step_{this, &StreamCall::OnEnded};
  std::shared_ptr<StreamCall> self_;
  std::unique_ptr<OnCancel> on_closing_;
  std::unique_ptr<OnCancel> on_cancel_;

  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<inference::ModelInferRequest,
                                                inference::ModelStreamInferResponse>>
      stream_;
  inference::ModelStreamInferResponse response_;  // while a read is open
  grpc::Status grpc_status_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<inference::ModelInferRequest> queue_;
  bool cancelled_ = false;
  bool reading_ = true;     // or about to, or being started
  bool writing_ = true;     // until the call has started
  bool finishing_ = false;  // no more requests will come
  bool half_closed_ = false;
  bool ending_ = false;
  bool ended_ = false;
  absl::Status end_;
};

}  // namespace flambeau::client
