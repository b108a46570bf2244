#include <utility>

#include "grpc/health_watch_internal.h"
#include "grpc/message_bytes.h"
#include "grpc/status_mapping.h"

namespace flambeau {

HealthWatch::HealthWatch(Rpc* rpc, Listener listener) : rpc_(rpc), listener_(std::move(listener)) {}

void HealthWatch::OnStart() { rpc_->StartRead(&request_); }

void HealthWatch::OnReadDone(bool ok) {
  grpc::health::v1::HealthCheckRequest request;
  const Status status = ok ? ParseMessage(&request_, &request) : NoMessage();
  if (!status.ok()) return End(status);
  service_ = request.service();
  listener_.asked(shared_from_this());
}

void HealthWatch::Tell(ServingStatus status) {
  std::unique_lock lock(mutex_);
  wanted_ = status;
  const Step step = Next();
  lock.unlock();
  Take(step);
}

void HealthWatch::End(const Status& status) {
  std::unique_lock lock(mutex_);
  if (ending_) return;
  ending_ = true;
  end_ = status;
  const Step step = Next();
  lock.unlock();
  Take(step);
}

void HealthWatch::OnWriteDone(bool ok) {
  std::unique_lock lock(mutex_);
  writing_ = false;
  if (!ok && !ending_) {
    ending_ = true;
    end_ = Cancelled("the client has gone");
  }
  const Step step = Next();
  lock.unlock();
  Take(step);
}

void HealthWatch::OnCancel() { End(Cancelled("the client cancelled the watch")); }

void HealthWatch::OnDone() { listener_.done(this); }

// A status that was told before the end is still written: the last one says why the watch ends.
HealthWatch::Step HealthWatch::Next() {
  if (writing_ || finished_) return Step::kNothing;
  const bool news = !told_any_ || told_ != wanted_;
  if (ending_ && (!news || end_.code() == StatusCode::kCancelled || !told_any_)) {
    finished_ = true;
    return Step::kFinish;
  }
  if (!news) return Step::kNothing;
  writing_ = told_any_ = true;
  told_ = wanted_;
  return Step::kWrite;
}

void HealthWatch::Take(Step step) {
  // Once finished, gRPC may be done with the call before Finish returns.
  const std::shared_ptr<HealthWatch> alive = shared_from_this();
  if (step == Step::kWrite) {
    grpc::health::v1::HealthCheckResponse response;
    response.set_status(told_);
    rpc_->StartWrite(WriteMessage(response));
  }
  if (step == Step::kFinish) rpc_->Finish(ToGrpcStatus(end_));
}

}  // namespace flambeau
