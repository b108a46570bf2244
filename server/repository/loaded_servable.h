// A Servable that owns its model, its scheduler and what was observed of its signature.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "repository/observed_signature.h"
#include "repository/servable.h"
#include "repository/statistics.h"

namespace flambeau {

// Threads: any. Lifetime: not destroyed on a thread of its own scheduler: the repository keeps it
// until the end.
// Errors: Create: the scheduler's.
class LoadedServable final : public Servable, private SchedulerObserver {
 public:
  static Result<std::shared_ptr<LoadedServable>> Create(std::string name, int64_t version,
                                                        std::shared_ptr<Model> model,
                                                        const Scheduler::Options& options,
                                                        const Scheduler::Dependencies& dependencies,
                                                        std::shared_ptr<ModelMetrics> metrics);
  const std::string& name() const override { return name_; }
  int64_t version() const override { return version_; }
  const Facts& facts() const override { return model_->facts(); }
  int FindMethod(std::string_view method) const override;
  std::shared_ptr<const MethodFacts> signature(size_t method) const override;
  Scheduler& scheduler() override { return *scheduler_; }
  ServableStatistics* statistics() override { return &statistics_; }
  std::shared_ptr<ModelMetrics> metrics() const override { return metrics_; }

  // Answers what waits and what comes with UNAVAILABLE; does not wait for what runs.
  void Stop() { scheduler_->Stop(); }

 private:
  LoadedServable(std::string name, int64_t version, std::shared_ptr<Model> model,
                 std::shared_ptr<ModelMetrics> metrics);

  void OnRun(int64_t rows, const RunTiming& timing) override;
  void OnSuccess(const Work& work, const Value& result) override;
  void OnVerdict(size_t method, const Proof& proof) override;
  void OnQueueDepth(size_t depth) override;
  void OnProbe(size_t method, const std::vector<Value>& arguments, const Value& result) override;

  const std::string name_;
  const int64_t version_;
  const std::shared_ptr<Model> model_;
  const std::shared_ptr<ModelMetrics> metrics_;
  ServableStatistics statistics_;
  std::vector<std::unique_ptr<ObservedSignature>> signatures_;  // by method
  std::unique_ptr<Scheduler> scheduler_;                        // last: its workers call the above
};

}  // namespace flambeau
