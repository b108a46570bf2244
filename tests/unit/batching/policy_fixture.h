// What tests of priorities, policies and the order of answers need.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "batching/scheduler.h"
#include "batching/scheduler_fixture.h"

namespace flambeau {

// The answers as they come. Threads: any.
class AnswerLog {
 public:
  WorkDone Done(const std::string& name) {
    return [this, name](const Result<Outcome>& outcome) {
      const std::lock_guard lock(mutex_);
      names_.push_back(outcome.ok() ? name : name + "!");
      changed_.notify_all();
    };
  }
  std::vector<std::string> Await(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return names_.size() >= count; });
    return names_;
  }
  std::vector<std::string> names() const {
    const std::lock_guard lock(mutex_);
    return names_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> names_;
};

class PolicyFixture : public SchedulerFixture {
 protected:
  struct Ask {
    uint64_t priority = 0;
    Duration timeout{};
    TimePoint deadline = kNoDeadline;
    int64_t rows = 1;
  };
  Work MakeWork(const Ask& ask) {
    Work work;
    work.arguments.push_back(
        TensorOf(std::vector<float>(static_cast<size_t>(2 * ask.rows), 1), ask.rows));
    work.priority = ask.priority;
    work.queue_timeout = ask.timeout;
    work.deadline = ask.deadline;
    return work;
  }
  std::unique_ptr<Reply> Send(const Ask& ask) {
    auto reply = std::make_unique<Reply>();
    Work work = MakeWork(ask);
    work.done = reply->Done();
    scheduler_->Submit(std::move(work));
    return reply;
  }
  void Send(const std::string& name, const Ask& ask) {
    Work work = MakeWork(ask);
    work.done = answers_.Done(name);
    scheduler_->Submit(std::move(work));
  }
  void WithLevels(uint64_t levels, uint64_t chosen) {
    options_.priority_levels = levels;
    options_.default_priority = chosen;
  }

  AnswerLog answers_;
};

}  // namespace flambeau
