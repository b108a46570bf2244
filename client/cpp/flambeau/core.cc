#include "flambeau/core_internal.h"

namespace flambeau::client {

Client::Core::Core(const std::shared_ptr<grpc::Channel>& channel, const Options& options)
    : options(options), stub(channel), slots(options.max_in_flight, &loop) {}

Client::Core::~Core() {
  slots.Close();
  closing.Cancel();
  slots.AwaitFree();
}

TimePoint Client::Core::DeadlineOf(const CallOptions& call) const {
  return DeadlineIn(call.timeout.value_or(options.call_timeout));
}

Attempts Client::Core::AttemptsOf(const CallOptions& call, const RetryPolicy& policy,
                                  TimePoint deadline) const {
  return {call.retry.value_or(policy), deadline, &std::chrono::steady_clock::now,
          options.random ? options.random : &Random};
}

}  // namespace flambeau::client
