#include "grpc/server.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

#include "grpc/health_service.h"
#include "grpc/inference_routes.h"
#include "grpc/reflection.h"
#include "grpc/reply_queue.h"
#include "grpc/rpc_queue.h"
#include "grpc/rpcs/model_stream_infer.h"

namespace flambeau {
namespace {

constexpr int kReplyThreads = 2;
constexpr int kMaxStreamsPerConnection = 1024;
constexpr int kMaxMetadataBytes = 16 << 10;
constexpr int kKeepaliveMs = 60'000;            // a silent peer is asked whether it is there
constexpr int kKeepaliveTimeoutMs = 20'000;     // and dropped if it does not say so
constexpr int kMinClientPingMs = 10'000;        // clients may ask us as often, call or no call
constexpr size_t kMessageAllowance = 64 << 10;  // what surrounds the tensors in one message
constexpr size_t kMinMemory = size_t{1} << 30;  // all connections' buffers together

std::string ListeningAddress(const std::string& host, int port) {
  const bool ipv6 = host.find(':') != std::string::npos && host.front() != '[';
  return (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

int MaxMessageBytes(size_t max_request_bytes) {
  constexpr size_t kMost = std::numeric_limits<int>::max();
  return static_cast<int>(std::min(kMost - kMessageAllowance, max_request_bytes) +
                          kMessageAllowance);
}

// The library's own default is never.
void SetMaxAge(const char* argument, Duration age, grpc::ServerBuilder* builder) {
  if (age <= Duration::zero()) return;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(age).count();
  builder->AddChannelArgument(
      argument, static_cast<int>(std::min<int64_t>(ms, std::numeric_limits<int>::max())));
}

void SetLimits(const GrpcServer::Options& options, grpc::ServerBuilder* builder) {
  builder->SetMaxReceiveMessageSize(MaxMessageBytes(options.max_request_bytes));
  builder->SetMaxSendMessageSize(-1);
  // The library unpacks a message before it measures it, so that a few kilobytes could become
  // gigabytes: compressed requests are refused.
  builder->SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder->SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // or a port in use is not noticed
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
  builder->AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                              kMinClientPingMs);
  SetMaxAge(GRPC_ARG_MAX_CONNECTION_AGE_MS, options.max_connection_age, builder);
  SetMaxAge(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, options.max_connection_age_grace, builder);
  grpc::ResourceQuota quota("flambeau");
  quota.Resize(std::max(kMinMemory, 16 * size_t(MaxMessageBytes(options.max_request_bytes))));
  builder->SetResourceQuota(quota);
}

// The libraries write lines of their own to standard error, some of them whenever a client likes.
// GRPC_VERBOSITY brings them back.
void QuietLibraryLogs() {
  if (std::getenv("GRPC_VERBOSITY") != nullptr) return;
  gpr_set_log_function([](gpr_log_func_args*) {});
  google::protobuf::SetLogHandler(nullptr);
}

std::chrono::system_clock::time_point ToSystemTime(TimePoint deadline, const Clock& clock) {
  const auto far = std::chrono::hours(24);
  const auto left = deadline == kNoDeadline ? Duration(far) : deadline - clock.Now();
  return std::chrono::system_clock::now() + std::min<Duration>(left, far);
}

class GrpcServerImpl final : public GrpcServer {
 public:
  GrpcServerImpl(const GrpcServices& services, Clock* clock, Log* log)
      : clock_(clock),
        log_(log),
        replies_(kReplyThreads),
        services_(services),
        infer_{services.inference, services.shared_memory, &replies_, &draining_, &streams_},
        health_(HealthService::Create({}, services.info, clock)) {
    AddInferenceRoutes(infer_, services_, &routes_);
    health_->AddRoutes(&routes_);
    AddReflectionRoutes(&routes_);
  }
  ~GrpcServerImpl() override { Stop(clock_->Now()); }

  Status Start(const Options& options);
  int port() const override { return port_; }
  void BeginDrain() override;
  void Stop(TimePoint deadline) override;

 private:
  Clock* const clock_;
  Log* const log_;
  std::atomic<bool> draining_{false};
  ReplyQueue replies_;
  InferStreams streams_;
  const GrpcServices services_;
  const InferService infer_;
  std::unique_ptr<HealthService> health_;
  RpcRoutes routes_;
  grpc::AsyncGenericService calls_;
  std::vector<std::unique_ptr<RpcQueue>> queues_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  std::once_flag stopped_;
};

Status GrpcServerImpl::Start(const Options& options) {
  QuietLibraryLogs();
  grpc::ServerBuilder builder;
  SetLimits(options, &builder);
  builder.RegisterAsyncGenericService(&calls_);
  for (int i = 0; i < options.threads; ++i) {
    queues_.push_back(std::make_unique<RpcQueue>(builder.AddCompletionQueue(), &calls_, &routes_));
  }
  builder.AddListeningPort(ListeningAddress(options.host, options.port),
                           grpc::InsecureServerCredentials(), &port_);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port_ == 0) {
    return Unavailable("port " + std::to_string(options.port) + " is in use or " + options.host +
                       " is not an address of this machine; choose others with --grpc-port and "
                       "--host");
  }
  for (size_t i = 0; i < queues_.size(); ++i) queues_[i]->Start("grpc-" + std::to_string(i));
  log_->Info("grpc listening", {{"host", options.host}, {"port", port_}});
  return OkStatus();
}

void GrpcServerImpl::BeginDrain() {
  draining_.store(true);
  streams_.BeginDrain();
  health_->BeginDrain();
}

void GrpcServerImpl::Stop(TimePoint deadline) {
  std::call_once(stopped_, [&] {
    BeginDrain();
    health_->Stop();
    if (server_ != nullptr) server_->Shutdown(ToSystemTime(deadline, *clock_));
    for (const auto& queue : queues_) queue->Join();
  });
}

}  // namespace

Result<std::unique_ptr<GrpcServer>> GrpcServer::Create(const Options& options,
                                                       const GrpcServices& services, Clock* clock,
                                                       Log* log) {
  auto server = std::make_unique<GrpcServerImpl>(services, clock, log);
  FLAMBEAU_RETURN_IF_ERROR(server->Start(options));
  return server;
}

}  // namespace flambeau
