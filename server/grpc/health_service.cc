#include "grpc/health_service.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "base/thread.h"
#include "grpc/health_watch_internal.h"
#include "grpc/unary_call_internal.h"
#include "proto/health.pb.h"

namespace flambeau {
namespace {

namespace health = grpc::health::v1;
using ServingStatus = health::HealthCheckResponse::ServingStatus;

class HealthServiceImpl final : public HealthService {
 public:
  HealthServiceImpl(const Options& options, const ServerInfo* info, Clock* clock)
      : options_(options), info_(info), clock_(clock), thread_("grpc-health", [this] { Run(); }) {}
  ~HealthServiceImpl() override { Stop(); }

  void AddRoutes(RpcRoutes* routes) override;
  void BeginDrain() override;
  void Stop() override;

 private:
  Status Check(const health::HealthCheckRequest& request,
               health::HealthCheckResponse* response) const;
  void Watch(const std::shared_ptr<HealthWatch>& watch);
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

void HealthServiceImpl::AddRoutes(RpcRoutes* routes) {
  (*routes)["/grpc.health.v1.Health/Check"] =
      Unary<health::HealthCheckRequest, health::HealthCheckResponse>(
          [this](const auto& request, auto* response) { return Check(request, response); });
  (*routes)["/grpc.health.v1.Health/Watch"] = [this](Rpc* rpc) {
    return std::make_shared<HealthWatch>(
        rpc, HealthWatch::Listener{[this](const auto& watch) { Watch(watch); },
                                   [this](HealthWatch* watch) { Remove(watch); }});
  };
}

Status HealthServiceImpl::Check(const health::HealthCheckRequest& request,
                                health::HealthCheckResponse* response) const {
  const ServingStatus status = StatusOf(request.service());
  if (status == health::HealthCheckResponse::SERVICE_UNKNOWN) {
    return NotFound("there is no service or model '" + request.service() +
                    "'; an empty service name asks for the server");
  }
  response->set_status(status);
  return OkStatus();
}

void HealthServiceImpl::Watch(const std::shared_ptr<HealthWatch>& watch) {
  if (const Status status = Add(watch); !status.ok()) return watch->End(status);
  watch->Tell(StatusOf(watch->service()));
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
