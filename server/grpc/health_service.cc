#include "grpc/health_service.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "base/thread.h"
#include "grpc/health_watch_internal.h"
#include "grpc/status_mapping.h"
#include "proto/health.grpc.pb.h"

namespace flambeau {
namespace {

namespace health = grpc::health::v1;
using ServingStatus = health::HealthCheckResponse::ServingStatus;

class HealthServiceImpl final : public HealthService, public health::Health::CallbackService {
 public:
  HealthServiceImpl(const Options& options, const ServerInfo* info, Clock* clock)
      : options_(options), info_(info), clock_(clock), thread_("grpc-health", [this] { Run(); }) {}
  ~HealthServiceImpl() override { Stop(); }

  grpc::Service* service() override { return this; }
  void BeginDrain() override;
  void Stop() override;

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const health::HealthCheckRequest* request,
                                  health::HealthCheckResponse* response) override;
  grpc::ServerWriteReactor<health::HealthCheckResponse>* Watch(
      grpc::CallbackServerContext* context, const health::HealthCheckRequest* request) override;

 private:
  ServingStatus StatusOf(const std::string& service) const;
  Status Add(const std::shared_ptr<HealthWatch>& watch);
  void Remove(HealthWatch* watch);
  void Run();

  const Options options_;
  const ServerInfo* const info_;
  Clock* const clock_;
  std::atomic<bool> draining_{false};

  std::mutex mutex_;
  std::condition_variable changed_;
  bool news_ = false;
  bool stopping_ = false;
  std::vector<std::shared_ptr<HealthWatch>> watches_;
  Thread thread_;
};

ServingStatus HealthServiceImpl::StatusOf(const std::string& service) const {
  bool serving;
  if (service.empty() || service == "inference.GRPCInferenceService") {
    serving = info_->Ready();
  } else {
    const Result<bool> ready = info_->ModelReady(service, "");
    if (!ready.ok()) return health::HealthCheckResponse::SERVICE_UNKNOWN;
    serving = *ready;
  }
  return serving && !draining_.load() ? health::HealthCheckResponse::SERVING
                                      : health::HealthCheckResponse::NOT_SERVING;
}

grpc::ServerUnaryReactor* HealthServiceImpl::Check(grpc::CallbackServerContext* context,
                                                   const health::HealthCheckRequest* request,
                                                   health::HealthCheckResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const ServingStatus status = StatusOf(request->service());
  if (status == health::HealthCheckResponse::SERVICE_UNKNOWN) {
    reactor->Finish(ToGrpcStatus(NotFound("there is no service or model '" + request->service() +
                                          "'; an empty service name asks for the server")));
    return reactor;
  }
  response->set_status(status);
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

grpc::ServerWriteReactor<health::HealthCheckResponse>* HealthServiceImpl::Watch(
    grpc::CallbackServerContext*, const health::HealthCheckRequest* request) {
  const auto watch =
      HealthWatch::Create(request->service(), [this](HealthWatch* done) { Remove(done); });
  if (const Status status = Add(watch); !status.ok()) {
    watch->End(status);
  } else {
    watch->Tell(StatusOf(watch->service()));
  }
  return watch.get();
}

Status HealthServiceImpl::Add(const std::shared_ptr<HealthWatch>& watch) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return Unavailable("the server is shutting down; watch another one");
  if (watches_.size() >= options_.max_watches) {
    return ResourceExhausted("there are " + std::to_string(watches_.size()) +
                             " health watches already; use Check instead");
  }
  watches_.push_back(watch);
  if (watches_.size() == 1) {  // the thread sleeps while nobody watches
    news_ = true;
    changed_.notify_all();
  }
  return OkStatus();
}

void HealthServiceImpl::Remove(HealthWatch* watch) {
  const std::lock_guard lock(mutex_);
  watches_.erase(std::remove_if(watches_.begin(), watches_.end(),
                                [watch](const auto& other) { return other.get() == watch; }),
                 watches_.end());
}

void HealthServiceImpl::BeginDrain() {
  draining_.store(true);
  const std::lock_guard lock(mutex_);
  news_ = true;
  changed_.notify_all();
}

void HealthServiceImpl::Stop() {
  std::vector<std::shared_ptr<HealthWatch>> watches;
  draining_.store(true);
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    watches = watches_;
    changed_.notify_all();
  }
  for (const auto& watch : watches) {
    watch->Tell(StatusOf(watch->service()));
    watch->End(Unavailable("the server is shutting down; watch another one"));
  }
  thread_.Join();
}

void HealthServiceImpl::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const TimePoint next = watches_.empty() ? kNoDeadline : clock_->Now() + options_.interval;
    while (!stopping_ && !news_ && clock_->Now() < next) clock_->WaitUntil(changed_, lock, next);
    news_ = false;
    const std::vector<std::shared_ptr<HealthWatch>> watches = watches_;
    lock.unlock();
    for (const auto& watch : watches) watch->Tell(StatusOf(watch->service()));
    lock.lock();
  }
}

}  // namespace

std::unique_ptr<HealthService> HealthService::Create(const Options& options, const ServerInfo* info,
                                                     Clock* clock) {
  return std::make_unique<HealthServiceImpl>(options, info, clock);
}

}  // namespace flambeau
