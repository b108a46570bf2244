// What every test of the scheduler needs: a fake model, a clock, and replies to look at.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "backend/fake/fake_backend.h"
#include "backend/fake/fake_clock.h"
#include "batching/scheduler.h"

namespace flambeau {

// A FP32 tensor of `rows` rows.
inline Value TensorOf(const std::vector<float>& numbers, int64_t rows = 1) {
  Tensor tensor =
      *Tensor::Allocate(DType::kFp32, {rows, static_cast<int64_t>(numbers.size()) / rows});
  std::copy(numbers.begin(), numbers.end(), reinterpret_cast<float*>(tensor.mutable_data()));
  return Value{std::move(tensor)};
}

inline std::vector<float> NumbersOf(const Value& value) {
  const auto span = value.tensor()->As<float>();
  return {span.begin(), span.end()};
}

// One request's answer. Threads: any. Lifetime: may end before its answer comes.
class Reply {
 public:
  WorkDone Done() {
    return [state = state_](Result<Outcome> outcome) {
      const std::lock_guard lock(state->mutex);
      ++state->times;
      state->outcome = std::move(outcome);
      state->changed.notify_all();
    };
  }
  const Result<Outcome>& Wait() {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait(lock, [&] { return state_->outcome.has_value(); });
    return *state_->outcome;
  }
  StatusCode Code() { return Wait().status().code(); }
  std::vector<float> Numbers() { return NumbersOf(Wait()->value); }
  int64_t BatchRows() { return Wait()->batch_rows; }
  int times() const {
    const std::lock_guard lock(state_->mutex);
    return state_->times;
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Result<Outcome>> outcome;
    int times = 0;
  };
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

// Remembers what it was told. Threads: any.
class RecordingObserver final : public SchedulerObserver {
 public:
  void OnRun(int64_t rows, const RunTiming&) override {
    const std::lock_guard lock(mutex_);
    run_rows_.push_back(rows);
  }
  void OnSuccess(const Work&, const Value&) override {
    const std::lock_guard lock(mutex_);
    ++successes_;
  }
  void OnVerdict(size_t, const Proof& proof) override {
    const std::lock_guard lock(mutex_);
    verdicts_.push_back(proof);
    changed_.notify_all();
  }
  void OnQueueDepth(size_t depth) override {
    const std::lock_guard lock(mutex_);
    depth_ = depth;
  }
  void OnProbe(size_t, const std::vector<Value>& arguments, const Value& result) override {
    const std::lock_guard lock(mutex_);
    probe_arguments_ = arguments;
    probe_result_ = result;
  }

  // The `count`-th verdict, from 1.
  Proof AwaitVerdict(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return verdicts_.size() >= count; });
    return verdicts_[count - 1];
  }
  std::vector<int64_t> run_rows() const { return Locked(run_rows_); }
  int successes() const { return Locked(successes_); }
  size_t depth() const { return Locked(depth_); }
  std::optional<Value> probe_result() const { return Locked(probe_result_); }
  std::vector<Value> probe_arguments() const { return Locked(probe_arguments_); }
  size_t verdicts() const { return Locked(verdicts_).size(); }

 private:
  template <typename T>
  T Locked(const T& field) const {
    const std::lock_guard lock(mutex_);
    return field;
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<int64_t> run_rows_;
  std::vector<Proof> verdicts_;
  std::vector<Value> probe_arguments_;
  std::optional<Value> probe_result_;
  int successes_ = 0;
  size_t depth_ = 0;
};

// A scheduler over a fake model whose runs pass a latch: closed, the workers are busy.
class SchedulerFixture : public ::testing::Test {
 protected:
  SchedulerFixture() {
    script_.on_run = [this](int64_t) { latch_.Pass(); };
  }
  ~SchedulerFixture() override { latch_.Open(); }

  // Forgets the warm-up's runs.
  void Create() {
    auto scheduler =
        Scheduler::Create("fake", std::make_shared<FakeModel>(facts_, script_, &journal_), options_,
                          {&clock_, &permits_, log_.get(), &observer_});
    ASSERT_TRUE(scheduler.ok()) << scheduler.status();
    scheduler_ = *std::move(scheduler);
    journal_.Clear();
  }

  // A request of one argument.
  std::unique_ptr<Reply> Submit(const Value& argument, TimePoint deadline = kNoDeadline,
                                CancelTokenPtr cancel = nullptr) {
    return SubmitAll({argument}, deadline, std::move(cancel));
  }
  std::unique_ptr<Reply> SubmitAll(std::vector<Value> arguments, TimePoint deadline = kNoDeadline,
                                   CancelTokenPtr cancel = nullptr) {
    auto reply = std::make_unique<Reply>();
    scheduler_->Submit({0, std::move(arguments), deadline, std::move(cancel), reply->Done()});
    return reply;
  }
  // Makes every worker busy with a request of its own shape, and returns their replies.
  std::vector<std::unique_ptr<Reply>> Occupy() {
    latch_.Close();
    std::vector<std::unique_ptr<Reply>> replies;
    for (int i = 0; i < scheduler_->instances(); ++i) {
      replies.push_back(Submit(TensorOf(std::vector<float>(7, 1))));
      latch_.AwaitHeld(i + 1);
    }
    return replies;
  }

  Facts facts_ = FakeFacts();
  FakeScript script_;
  Scheduler::Options options_;
  FakeLatch latch_;
  FakeJournal journal_;
  FakeClock clock_;
  CorePermits permits_{4};
  std::unique_ptr<Log> log_ = Log::Silent();
  RecordingObserver observer_;
  std::unique_ptr<Scheduler> scheduler_;
};

}  // namespace flambeau
