// What a client's calls share.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <memory>

#include "flambeau/attempts_internal.h"
#include "flambeau/cancellation_internal.h"
#include "flambeau/client.h"
#include "flambeau/event_loop_internal.h"
#include "flambeau/messages_internal.h"
#include "flambeau/slots_internal.h"
#include "proto/inference.grpc.pb.h"

namespace flambeau::client {

// Threads: any. Lifetime: the destructor ends what is in flight. Errors: none.
class Client::Core {
 public:
  using Stub = inference::GRPCInferenceService::Stub;

  Core(const std::shared_ptr<grpc::Channel>& channel, const Options& options);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  ~Core();

  TimePoint DeadlineOf(const CallOptions& call) const;
  Attempts AttemptsOf(const CallOptions& call, const RetryPolicy& policy, TimePoint deadline) const;

  // A blocking call. `policy`: where `call` has none.
  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response, const CallOptions& call,
                    const RetryPolicy& policy);

  const Options options;
  Stub stub;
  Slots slots;  // before the loop, whose last callbacks may ask it
  EventLoop loop;
  const Cancellation closing;  // of all that is asynchronous
};

template <typename Request, typename Response>
absl::Status Client::Core::Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request, Response* response, const CallOptions& call,
                                const RetryPolicy& policy) {
  const TimePoint deadline = DeadlineOf(call);
  const Cancellation cancellation = call.cancellation.value_or(Cancellation());
  Attempts attempts = AttemptsOf(call, policy, deadline);
  while (true) {
    grpc::ClientContext context;
    SetDeadline(deadline, &context);
    const OnCancel on_cancel(cancellation, [&context] { context.TryCancel(); });
    const absl::Status status =
        ToStatus((stub.*method)(&context, request, response), cancellation.cancelled());
    if (status.ok()) return status;
    const auto pause = attempts.PauseAfter(status, PushbackOf(context));
    if (!pause) return status;
    if (cancellation.state()->WaitFor(*pause))
      return absl::CancelledError("the call was cancelled");
  }
}

}  // namespace flambeau::client
