// Requests and answers over one connection-long call, without a round trip between them.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "flambeau/infer.h"

namespace flambeau::client {

class StreamCall;

// A bidirectional stream, opened by Client::OpenStream. Answers come in the order of their
// requests; one that failed does not end the stream. Nothing is sent twice.
// Threads: any; Finish by one.
// Lifetime: the destructor cancels what is not finished and returns once no callback will run any
// more, so it must not be called by one. It may outlive its client, which ends it.
// Errors: a failed request's answer has the code UNKNOWN, because the protocol carries only its
// sentence; what ended the whole stream is told by Send and Finish.
class Stream {
 public:
  // Called on the client's own thread, one at a time; must return soon. `id` is the request's.
  using OnAnswer = std::function<void(const std::string& id, absl::StatusOr<InferResponse> answer)>;

  explicit Stream(std::shared_ptr<StreamCall> call);
  ~Stream();

  // Waits while Client::Options::max_in_flight requests are not sent yet, at most call_timeout.
  // Errors: RESOURCE_EXHAUSTED instead of waiting in a callback; DEADLINE_EXCEEDED;
  // FAILED_PRECONDITION after Finish; why the stream has ended.
  absl::Status Send(InferRequest request);

  // No more requests: waits for the answers to those sent, at most call_timeout. OK if they came.
  // Errors: DEADLINE_EXCEEDED, and the stream is cancelled; FAILED_PRECONDITION in a callback; why
  // the stream has ended.
  absl::Status Finish();

  // Gives up what is not answered. Returns at once.
  void Cancel();

 private:
  const std::shared_ptr<StreamCall> call_;
};

}  // namespace flambeau::client
