// A repository of two models whose runs a test holds, releases and scripts.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "repository/repository.h"
#include "repository/servable.h"
#include "repository/statistics.h"

namespace flambeau {

// Answers with the request's own arguments, at once or when told to.
// Threads: any. Lifetime: the test's. Errors: what the test sets.
class EchoScheduler final : public Scheduler {
 public:
  ~EchoScheduler() override { Release(); }

  void Submit(Work work) override {
    std::unique_lock lock(mutex_);
    ++submitted_;
    arrived_.notify_all();
    if (hold_) {
      held_.push_back(std::move(work));
      return;
    }
    const Status failure = failure_;
    lock.unlock();
    Answer(std::move(work), failure);
  }
  bool Full() const override {
    const std::lock_guard lock(mutex_);
    return full_;
  }
  Proof proof(size_t) const override { return {Verdict::kUnproven, "a test's model"}; }
  size_t queue_depth() const override { return 0; }
  int instances() const override { return 1; }

  void Hold() {
    const std::lock_guard lock(mutex_);
    hold_ = true;
  }
  // Answers what was held; later requests are answered at once again.
  void Release() {
    std::vector<Work> held;
    {
      const std::lock_guard lock(mutex_);
      hold_ = false;
      held.swap(held_);
    }
    for (Work& work : held) Answer(std::move(work), OkStatus());
  }
  void FailWith(Status failure) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(failure);
  }
  void set_full(bool full) {
    const std::lock_guard lock(mutex_);
    full_ = full;
  }
  // Waits until `count` requests have come in since the start.
  void AwaitSubmitted(size_t count) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return submitted_ >= count; });
  }
  size_t submitted() const {
    const std::lock_guard lock(mutex_);
    return submitted_;
  }
  CancelTokenPtr held_cancel() const {
    const std::lock_guard lock(mutex_);
    return held_.front().cancel;
  }
  TimePoint held_deadline() const {
    const std::lock_guard lock(mutex_);
    return held_.front().deadline;
  }
  uint64_t held_priority() const {
    const std::lock_guard lock(mutex_);
    return held_.front().priority;
  }
  Duration held_queue_timeout() const {
    const std::lock_guard lock(mutex_);
    return held_.front().queue_timeout;
  }
  bool HasQueuePolicy(uint64_t priority) const override { return priority == kPolicyPriority; }
  static constexpr uint64_t kPolicyPriority = 2;  // the one that has a queue policy

 private:
  static void Answer(Work work, const Status& failure) {
    if (!failure.ok()) {
      work.done(failure);
      return;
    }
    Outcome outcome;
    outcome.batch_rows = 1;
    outcome.value =
        work.arguments.size() == 1 ? work.arguments.front() : Value{ValueTuple{work.arguments, {}}};
    work.done(std::move(outcome));
  }

  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  bool hold_ = false;
  bool full_ = false;
  size_t submitted_ = 0;
  Status failure_;
  std::vector<Work> held_;
};

class EchoServable final : public Servable {
 public:
  EchoServable(std::string name, const std::vector<std::string>& arguments)
      : name_(std::move(name)) {
    MethodFacts method;
    method.name = "forward";
    for (const std::string& argument : arguments) {
      ArgumentFact fact;
      fact.name = argument;
      fact.type = "Tensor";
      method.arguments.push_back(fact);
    }
    facts_.platform = "pytorch_torchscript";
    facts_.device = "cpu";
    facts_.methods = {method};
    ModelConfig config;
    config.name = name_;
    config.max_batch_size = 7;
    set_config(std::move(config));
  }

  const std::string& name() const override { return name_; }
  int64_t version() const override { return 1; }
  const Facts& facts() const override { return facts_; }
  Facts* mutable_facts() { return &facts_; }
  std::shared_ptr<const ModelConfig> config() const override { return config_; }
  void set_config(ModelConfig config) {
    config_ = std::make_shared<const ModelConfig>(std::move(config));
  }
  std::shared_ptr<ModelMetrics> metrics() const override { return metrics_; }
  void set_metrics(std::shared_ptr<ModelMetrics> metrics) { metrics_ = std::move(metrics); }
  int FindMethod(std::string_view method) const override { return method == "forward" ? 0 : -1; }
  std::shared_ptr<const MethodFacts> signature(size_t method) const override {
    return std::make_shared<MethodFacts>(facts_.methods[method]);
  }
  EchoScheduler& scheduler() override { return scheduler_; }
  ServableStatistics* statistics() override { return &statistics_; }

 private:
  const std::string name_;
  Facts facts_;
  std::shared_ptr<const ModelConfig> config_;
  std::shared_ptr<ModelMetrics> metrics_;
  ServableStatistics statistics_;
  EchoScheduler scheduler_;
};

// Knows "echo" (one argument x, of which nothing is known) and "pair" (a and b of FP32 [-1,2]); and
// "loading", which is not ready.
class DoubleRepository final : public Repository {
 public:
  DoubleRepository() {
    for (ArgumentFact& argument : pair_->mutable_facts()->methods[0].arguments) {
      argument.tensor.dtype = DType::kFp32;
      argument.tensor.accepted = {DType::kFp32};
      argument.tensor.dtype_source = FactSource::kGraph;
      argument.tensor.dims = Shape{-1, 2};
      argument.tensor.dims_source = FactSource::kGraph;
    }
  }

  Result<ServablePtr> Resolve(std::string_view name, std::string_view version) const override {
    if (!name.empty() && !IsModelName(name)) {
      return InvalidArgument("'" + std::string(name) + "' is not a model name");
    }
    if (!version.empty() && version.find_first_not_of("0123456789") != std::string_view::npos) {
      return InvalidArgument("version '" + std::string(version) + "' is not a number");
    }
    if (name == "loading") return Unavailable("model 'loading' is loading");
    if (version.empty() || version == "1") {
      if (name.empty() || name == "echo") return ServablePtr(echo_);
      if (name == "pair") return ServablePtr(pair_);
    }
    return NotFound("there is no model '" + std::string(name) + "'");
  }
  std::vector<ServablePtr> Ready(std::string_view name) const override {
    std::vector<ServablePtr> ready;
    if (name.empty() || name == "echo") ready.push_back(echo_);
    if (name.empty() || name == "pair") ready.push_back(pair_);
    return ready;
  }
  std::vector<IndexEntry> Index() const override {
    return {{"echo", 1, ModelState::kReady, ""},
            {"loading", 0, ModelState::kLoading, ""},
            {"pair", 1, ModelState::kReady, ""}};
  }
  // "echo" loads and unloads, "slow" never ends, anything else is told what it asked for.
  void Load(const std::string& name, std::optional<std::string> config, LoadDone done) override {
    Answer("load " + name + (config ? " " + *config : ""), done);
  }
  void Unload(const std::string& name, LoadDone done) override { Answer("unload " + name, done); }
  bool Settled() const override { return settled_.load(); }
  bool WaitSettled(TimePoint) override { return settled_.load(); }
  void Stop() override {}

  EchoServable& echo() { return *echo_; }
  void set_settled(bool settled) { settled_.store(settled); }

 private:
  void Answer(const std::string& asked, const LoadDone& done) {
    if (asked == "load slow") {
      slow_ = done;
    } else if (asked == "load echo" || asked == "unload echo") {
      done(OkStatus());
    } else {
      done(InvalidArgument(asked));
    }
  }

  LoadDone slow_;
  const std::shared_ptr<EchoServable> echo_ =
      std::make_shared<EchoServable>("echo", std::vector<std::string>{"x"});
  const std::shared_ptr<EchoServable> pair_ =
      std::make_shared<EchoServable>("pair", std::vector<std::string>{"a", "b"});
  std::atomic<bool> settled_{true};
};

}  // namespace flambeau
