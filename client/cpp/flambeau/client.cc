#include "flambeau/client.h"

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <utility>

#include "flambeau/core_internal.h"
#include "flambeau/infer_call_internal.h"
#include "flambeau/stream_call_internal.h"

namespace flambeau::client {
namespace {

// A server that comes back is seen within the pauses of the retries, not after gRPC's 1 to 120 s.
constexpr int kReconnectMs = 100;
constexpr int kMaxReconnectMs = 2000;

}  // namespace

Client::Client(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Client::~Client() = default;

absl::StatusOr<std::unique_ptr<Client>> Client::Create(const std::string& target,
                                                       const Options& options) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kMaxReconnectMs);
  const std::shared_ptr<grpc::Channel> channel =
      grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + options.connect_timeout)) {
    return absl::UnavailableError("no server answers at " + target +
                                  "; is it running, and is this its gRPC port?");
  }
  return std::unique_ptr<Client>(new Client(std::make_unique<Core>(channel, options)));
}

absl::StatusOr<InferResponse> Client::Infer(InferRequest request, const CallOptions& call) {
  inference::ModelInferResponse response;
  const absl::Status status = core_->Call(&Core::Stub::ModelInfer, ToMessage(std::move(request)),
                                          &response, call, core_->options.retry);
  if (!status.ok()) return status;
  return FromMessage(&response);
}

absl::Status Client::InferAsync(InferRequest request, OnAnswer on_answer, const CallOptions& call) {
  const TimePoint deadline = core_->DeadlineOf(call);
  inference::ModelInferRequest message = ToMessage(std::move(request));
  const absl::Status taken = core_->slots.Take(deadline);
  if (!taken.ok()) return taken;
  InferCall::Start({&core_->stub, &core_->loop, &core_->slots, core_->closing}, std::move(message),
                   std::move(on_answer), core_->AttemptsOf(call, core_->options.retry, deadline),
                   deadline, call.cancellation);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Stream>> Client::OpenStream(Stream::OnAnswer on_answer,
                                                           const CallOptions& call) {
  const absl::Status taken = core_->slots.Take(core_->DeadlineOf(call));
  if (!taken.ok()) return taken;
  return std::make_unique<Stream>(
      StreamCall::Start({&core_->stub, &core_->loop, &core_->slots, core_->closing,
                         core_->options.max_in_flight, core_->options.call_timeout},
                        std::move(on_answer), call));
}

}  // namespace flambeau::client
