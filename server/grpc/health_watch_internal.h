// One Health.Watch call.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/status.h"
#include "grpc/rpc.h"
#include "proto/health.pb.h"

namespace flambeau {

// Writes a status whenever it differs from the last one told.
// Threads: any; calls into gRPC are made without the lock, in an order that the flags keep.
// Lifetime: shared by the Rpc and who tells it.
// Errors: none.
class HealthWatch final : public RpcReactor, public std::enable_shared_from_this<HealthWatch> {
 public:
  using ServingStatus = grpc::health::v1::HealthCheckResponse::ServingStatus;

  // Each is called once at most, on the queue's thread: `asked` with the request read, `done` when
  // the call is over.
  struct Listener {
    std::function<void(const std::shared_ptr<HealthWatch>&)> asked;
    std::function<void(HealthWatch*)> done;
  };
  HealthWatch(Rpc* rpc, Listener listener);

  // Once asked.
  const std::string& service() const { return service_; }
  void Tell(ServingStatus status);
  void End(const Status& status);

  void OnStart() override;
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  // With the lock held: what to do next, once the lock is released.
  enum class Step { kNothing, kWrite, kFinish };
  Step Next();
  void Take(Step step);

  Rpc* const rpc_;  // valid until OnDone
  const Listener listener_;
  std::string service_;
  grpc::ByteBuffer request_;

  std::mutex mutex_;
  bool writing_ = false;
  bool ending_ = false;
  bool finished_ = false;
  bool told_any_ = false;
  ServingStatus wanted_{};
  ServingStatus told_{};
  Status end_;
};

}  // namespace flambeau
