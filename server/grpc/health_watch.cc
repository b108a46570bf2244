#include <utility>

#include "grpc/health_watch_internal.h"
#include "grpc/status_mapping.h"

namespace flambeau {

std::shared_ptr<HealthWatch> HealthWatch::Create(std::string service,
                                                 std::function<void(HealthWatch*)> done) {
  std::shared_ptr<HealthWatch> watch(new HealthWatch(std::move(service), std::move(done)));
  watch->self_ = watch;
  return watch;
}

HealthWatch::HealthWatch(std::string service, std::function<void(HealthWatch*)> done)
    : service_(std::move(service)), done_(std::move(done)) {}

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

void HealthWatch::OnDone() {
  done_(this);
  self_.reset();
}

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
  response_.set_status(told_);
  return Step::kWrite;
}

void HealthWatch::Take(Step step) {
  // Once finished, gRPC may be done with the call before Finish returns.
  const std::shared_ptr<HealthWatch> alive = shared_from_this();
  if (step == Step::kWrite) StartWrite(&response_);
  if (step == Step::kFinish) Finish(ToGrpcStatus(end_));
}

}  // namespace flambeau
