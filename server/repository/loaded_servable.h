// A Servable that owns its model, its scheduler and what was observed of its signature.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "repository/inspector.h"
#include "repository/learning.h"
#include "repository/observed_signature.h"
#include "repository/servable.h"
#include "repository/statistics.h"

namespace flambeau {

// Threads: any. Lifetime: not destroyed on a thread of its own scheduler: see Reaper.
// Errors: Create: the scheduler's.
class LoadedServable final : public Servable, private SchedulerObserver {
 public:
  struct Parts {
    std::string name;
    int64_t version = 0;
    std::shared_ptr<Model> model;
    std::string file;  // the model file's name, to be shown
    std::string description;
    // What its owner declared; null if nothing.
    std::shared_ptr<const ModelConfig> config;
    Declarations declarations;
    std::shared_ptr<ModelMetrics> metrics;
    Inspection inspection = {};  // what a check has told
    // Of the version that it takes the place of; null: none is counted yet.
    std::shared_ptr<ServableStatistics> statistics = nullptr;
    // Called from any thread when there are news in learning(); null: nothing is learned.
    std::function<void()> on_learned = nullptr;
  };
  static Result<std::unique_ptr<LoadedServable>> Create(
      Parts parts, const Scheduler::Options& options, const Scheduler::Dependencies& dependencies);
  const std::string& name() const override { return parts_.name; }
  int64_t version() const override { return parts_.version; }
  const Facts& facts() const override { return facts_; }
  int FindMethod(std::string_view method) const override;
  std::shared_ptr<const MethodFacts> signature(size_t method) const override;
  Scheduler& scheduler() override { return *scheduler_; }
  std::shared_ptr<const ModelConfig> config() const override;
  const Declaration* declaration(size_t method) const override {
    return method < parts_.declarations.size() ? parts_.declarations[method].get() : nullptr;
  }
  std::string_view description() const override { return parts_.description; }
  bool caches_responses() const override {
    return parts_.config != nullptr && parts_.config->response_cache && !facts().writes_state;
  }
  ServableStatistics* statistics() override { return parts_.statistics.get(); }
  std::shared_ptr<ModelMetrics> metrics() const override { return parts_.metrics; }

  // What requests have told more than its check could.
  Learning& learning() { return learning_; }
  // What its check has told, with what was proven since.
  Inspection inspection() const;
  // Another check has told more.
  void SetInspection(Inspection inspection);
  // Whether it runs as a check advises.
  bool RunsAs(const Inspection& inspection) const;
  std::shared_ptr<ServableStatistics> shared_statistics() const { return parts_.statistics; }

  // Answers what waits and what comes with UNAVAILABLE; does not wait for what runs.
  void Stop() { scheduler_->Stop(); }

 private:
  LoadedServable(Parts parts, const Scheduler::Options& options);

  void OnRun(int64_t rows, const RunTiming& timing) override;
  void OnSuccess(const Work& work, const Value& result) override;
  void OnVerdict(size_t method, const Proof& proof) override;
  void OnQueueDepth(size_t depth) override;
  void OnProbe(size_t method, const std::vector<Value>& arguments, const Value& result) override;

  const Parts parts_;
  const Facts facts_;
  const std::shared_ptr<Model> model_;  // with what was seen, which facts_ must not be: it refuses
  const Scheduler::Options options_;
  std::vector<std::unique_ptr<ObservedSignature>> signatures_;  // by method
  Learning learning_;
  mutable std::mutex inspection_mutex_;
  Inspection inspection_;
  mutable std::mutex config_mutex_;
  mutable std::shared_ptr<const MethodFacts> config_of_;  // what config_ was made from
  mutable std::shared_ptr<const ModelConfig> config_;
  std::unique_ptr<Scheduler> scheduler_;  // last: its workers call the above
};

}  // namespace flambeau
