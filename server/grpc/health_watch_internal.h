// One Health.Watch call.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/status.h"
#include "proto/health.pb.h"

namespace flambeau {

// Writes a status whenever it differs from the last one told.
// Threads: any; calls into gRPC are made without the lock, in an order that the flags keep.
// Lifetime: shared; gRPC's share is `self_`, given up when the call is done.
// Errors: none.
class HealthWatch final : public grpc::ServerWriteReactor<grpc::health::v1::HealthCheckResponse>,
                          public std::enable_shared_from_this<HealthWatch> {
 public:
  using ServingStatus = grpc::health::v1::HealthCheckResponse::ServingStatus;

  // `done` is called once, when gRPC has finished with the call.
  static std::shared_ptr<HealthWatch> Create(std::string service,
                                             std::function<void(HealthWatch*)> done);

  const std::string& service() const { return service_; }
  void Tell(ServingStatus status);
  void End(const Status& status);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  HealthWatch(std::string service, std::function<void(HealthWatch*)> done);
  // With the lock held: what to do next, once the lock is released.
  enum class Step { kNothing, kWrite, kFinish };
  Step Next();
  void Take(Step step);

  const std::string service_;
  const std::function<void(HealthWatch*)> done_;
  std::shared_ptr<HealthWatch> self_;

  std::mutex mutex_;
  bool writing_ = false;
  bool ending_ = false;
  bool finished_ = false;
  bool told_any_ = false;
  ServingStatus wanted_{};
  ServingStatus told_{};
  Status end_;
  grpc::health::v1::HealthCheckResponse response_;  // gRPC's while writing_
};

}  // namespace flambeau
