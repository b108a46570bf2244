#include "batching/run_batch.h"

#include <algorithm>
#include <utility>

namespace flambeau {
BatchRunner::BatchRunner(const Dependencies& dependencies, Retry retry)
    : dependencies_(dependencies), retry_(retry) {}

BatchRunner::Report BatchRunner::Run(const std::vector<PendingPtr>& batch) {
  std::vector<Pending*> group;
  group.reserve(batch.size());
  for (const PendingPtr& pending : batch) group.push_back(pending.get());

  std::vector<Pending*> failed;
  const Status status = RunOnce(group, &failed);
  Report report{last_elapsed_, false};
  if (failed.empty()) return report;
  if (group.size() == 1 || !MayRetry(status)) return report;  // RunOnce has answered them
  const std::vector<Pending*> again = failed;
  for (Pending* pending : again) pending->answer.reset();
  const bool whole = again.size() == group.size();
  if (whole) {
    RunGroup(std::span(again).first(again.size() / 2));
    RunGroup(std::span(again).subspan(again.size() / 2));
  } else {
    RunGroup(again);
  }
  report.merge_failed =
      status.code() != StatusCode::kResourceExhausted &&
      std::all_of(again.begin(), again.end(), [](const Pending* p) { return p->answer->ok(); });
  return report;
}

void BatchRunner::RunGroup(std::span<Pending* const> group) {
  std::vector<Pending*> alive(group.begin(), group.end());
  DropDead(&alive);
  if (alive.empty()) return;
  std::vector<Pending*> failed;
  const Status status = RunOnce(alive, &failed);
  if (failed.empty() || alive.size() == 1 || !MayRetry(status)) return;
  for (Pending* pending : failed) pending->answer.reset();
  if (failed.size() < alive.size()) return RunGroup(failed);
  RunGroup(std::span(failed).first(failed.size() / 2));
  RunGroup(std::span(failed).subspan(failed.size() / 2));
}

Status BatchRunner::RunOnce(std::span<Pending* const> group, std::vector<Pending*>* failed) {
  items_.clear();
  int64_t rows = 0;
  for (const Pending* pending : group) {
    const Work& work = pending->work;
    items_.push_back({work.method, work.arguments, std::max<int64_t>(pending->rows, 1),
                      work.deadline, work.cancel != nullptr ? work.cancel->flag() : nullptr});
    rows += items_.back().rows;
  }
  slots_.Reset(group.size());
  const TimePoint start = dependencies_.clock->Now();
  const RunTiming timing = dependencies_.instance->Run(items_, slots_);
  last_elapsed_ = dependencies_.clock->Now() - start;
  SchedulerObserver* observer = dependencies_.observer;
  if (observer != nullptr) observer->OnRun(rows, timing);

  Status first_failure;
  for (size_t i = 0; i < group.size(); ++i) {
    Pending& pending = *group[i];
    Result<Value> result = slots_.Take(i);
    if (!result.ok()) {
      first_failure.Update(result.status());
      pending.answer = result.status();
      failed->push_back(&pending);
      continue;
    }
    if (observer != nullptr) observer->OnSuccess(pending.work, *result);
    pending.answer = Outcome{*std::move(result), rows, start - pending.submitted, timing};
  }
  return first_failure;
}

bool BatchRunner::MayRetry(const Status& status) const {
  if (retry_ == Retry::kUnderstoodErrors) return status.code() != StatusCode::kInternal;
  return retry_ == Retry::kAlways;
}

void BatchRunner::DropDead(std::vector<Pending*>* group) const {
  const TimePoint now = dependencies_.clock->Now();
  std::erase_if(*group, [&](Pending* pending) {
    if (!pending->Dead(now)) return false;
    pending->answer = WhyDropped(*pending);
    return true;
  });
}

void Answer(PendingPtr pending) {
  const WorkDone done = std::move(pending->work.done);
  done(*std::move(pending->answer));
}

void Answer(PendingPtr pending, Status status) {
  pending->answer = std::move(status);
  Answer(std::move(pending));
}

Status WhyDropped(const Pending& pending) {
  if (pending.cancelled()) {
    return Cancelled("the client has gone, so its request was dropped");
  }
  if (pending.queue_deadline < pending.work.deadline) {
    return DeadlineExceeded(
        "the request waited in the queue for as long as it may; allow more time");
  }
  return DeadlineExceeded(
      "the request's deadline passed before the model could run; allow more time");
}

}  // namespace flambeau
