#include "batching/tuning_runs.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "base/thread.h"
#include "batching/batch_sizes.h"
#include "batching/median.h"
#include "batching/result_slots.h"
#include "batching/row_source.h"

namespace flambeau {
namespace {

constexpr uint64_t kSeed = 5;
// A backend profiles, compiles and chooses kernels in its first runs.
constexpr size_t kWarmRuns = 3;
constexpr size_t kFewestRuns = 3;
constexpr size_t kMostRuns = 20000;
constexpr Duration kTimedFor = std::chrono::milliseconds(100);
// Runs that take longer are worth a larger batch only if the last one paid.
constexpr Duration kSlowRun = std::chrono::milliseconds(100);
constexpr double kWorthwhile = 1.05;

using Rows = std::vector<std::vector<Value>>;

// One worker's runs of the same batch.
class Runner {
 public:
  Runner(Model* model, const std::vector<Item>& items, TimePoint end, Clock* clock)
      : model_(model), items_(items), end_(end), clock_(clock) {}

  // On the thread that is to be measured.
  void Run() {
    Result<std::unique_ptr<Instance>> instance = model_->NewInstance();
    if (!instance.ok()) return;
    for (size_t run = 0; run < kWarmRuns; ++run) {
      if (clock_->Now() >= end_ || !RunOnce(instance->get())) return;
    }
    const TimePoint enough = clock_->Now() + kTimedFor;
    while (times_.size() < kMostRuns) {
      const TimePoint begin = clock_->Now();
      if (begin >= end_ || (begin >= enough && times_.size() >= kFewestRuns)) return;
      instance->get()->Run(items_, Cleared());
      times_.push_back(clock_->Now() - begin);
    }
  }

  // How long each run took; fewer than kFewestRuns: it failed, or had no time.
  const std::vector<Duration>& times() const { return times_; }

 private:
  bool RunOnce(Instance* instance) {
    instance->Run(items_, Cleared());
    for (size_t i = 0; i < items_.size(); ++i) {
      if (!slots_.Take(i).ok()) return false;
    }
    return true;
  }
  ResultSlots& Cleared() {
    slots_.Reset(items_.size());
    return slots_;
  }

  Model* const model_;
  const std::vector<Item>& items_;
  const TimePoint end_;
  Clock* const clock_;
  ResultSlots slots_;
  std::vector<Duration> times_;
};

// A pair of workers and threads.
struct Candidate {
  std::shared_ptr<Model> model;
  TuningCurve curve;
  double best = 0;     // rate so far
  bool ended = false;  // larger batches fail, do not pay or have no time
};

// Measures the candidates in turns, so that what else the machine does slows all of them.
class Measurement {
 public:
  Measurement(const Facts& facts, const TuningOptions& options,
              const TuningDependencies& dependencies)
      : facts_(facts), options_(options), dependencies_(dependencies) {}

  std::vector<TuningCurve> Run() {
    const int method = MethodToTune(facts_);
    if (method < 0) return {};
    method_ = static_cast<size_t>(method);
    source_ = RowSource::FromFacts(facts_.methods[method_], kSeed);
    end_ = dependencies_.clock->Now() + options_.budget;
    Load();
    for (const int64_t rows : Sizes()) {
      for (Candidate& candidate : candidates_) Extend(rows, &candidate);
    }
    // Whatever else the machine did during a measurement, it rarely does again during the second.
    for (const int64_t rows : Sizes()) {
      for (Candidate& candidate : candidates_) Repeat(rows, &candidate);
    }
    std::vector<TuningCurve> curves;
    curves.reserve(candidates_.size());
    for (Candidate& candidate : candidates_) curves.push_back(std::move(candidate.curve));
    return curves;
  }

 private:
  // Without points yet.
  std::vector<TuningCurve> Pairs() const {
    const TuningScope& scope = options_.scope;
    std::vector<int> threads = {options_.threads};
    if (scope.threads) {
      threads.clear();
      for (int count = 1; count < scope.cores; count *= 2) threads.push_back(count);
      threads.push_back(scope.cores);
    }
    std::vector<TuningCurve> pairs;
    for (const int count : threads) {
      int instances = scope.instances ? std::max(scope.cores / count, 1) : options_.instances;
      if (facts_.writes_state) instances = 1;
      const bool fits = int64_t{instances} * count <= scope.cores;
      if (pairs.empty() || fits) pairs.push_back({instances, count, {}});
    }
    return pairs;
  }

  std::vector<int64_t> Sizes() const {
    const bool merged =
        !facts_.writes_state && facts_.methods[method_].static_proof.verdict == Verdict::kProven;
    if (!merged) return {1};
    return BatchSizes(options_.max_batch_size);
  }

  void Load() {
    for (TuningCurve& pair : Pairs()) {
      Result<std::shared_ptr<Model>> model = dependencies_.load(pair.threads);
      if (model.ok()) candidates_.push_back({*std::move(model), std::move(pair)});
    }
  }

  void Extend(int64_t rows, Candidate* candidate) {
    candidate->ended = candidate->ended || !HasTime(candidate->curve, rows);
    if (candidate->ended) return;
    const std::optional<TuningPoint> point = Measure(*candidate, rows);
    candidate->ended = !point;
    if (!point) return;
    const bool gains = point->rows_per_second >= kWorthwhile * candidate->best;
    candidate->ended = point->run > kSlowRun && !gains;
    candidate->best = std::max(candidate->best, point->rows_per_second);
    candidate->curve.points.push_back(*point);
  }

  void Repeat(int64_t rows, Candidate* candidate) {
    for (TuningPoint& point : candidate->curve.points) {
      if (point.rows != rows || !HasTime(candidate->curve, rows)) continue;
      const std::optional<TuningPoint> again = Measure(*candidate, rows);
      if (again && again->run < point.run) point = *again;
    }
  }

  // Whether so many rows can be run often enough, by what fewer took.
  bool HasTime(const TuningCurve& curve, int64_t rows) const {
    Duration run{};
    for (const TuningPoint& point : curve.points) {
      if (point.rows <= rows) run = point.run * rows / point.rows;
    }
    return dependencies_.clock->Now() + run * (kWarmRuns + kFewestRuns) <= end_;
  }

  std::optional<TuningPoint> Measure(const Candidate& candidate, int64_t rows) {
    const TuningCurve& curve = candidate.curve;
    dependencies_.on_step("it was tuned (" + std::to_string(curve.instances) + " x " +
                          std::to_string(curve.threads) + ", batches of " + std::to_string(rows) +
                          ")");
    if (rows > source_->Affordable(rows)) return std::nullopt;
    if (!source_->Extend(static_cast<size_t>(rows), &rows_)) return std::nullopt;
    std::vector<Item> items;
    for (int64_t i = 0; i < rows; ++i) items.push_back({method_, rows_[static_cast<size_t>(i)], 1});
    std::vector<Runner> runners(static_cast<size_t>(curve.instances),
                                Runner(candidate.model.get(), items, end_, dependencies_.clock));
    {
      std::vector<Thread> threads;
      threads.reserve(runners.size());
      for (Runner& runner : runners) threads.emplace_back("tuner", [&runner] { runner.Run(); });
    }  // joins
    std::vector<Duration> times;
    for (const Runner& runner : runners) {
      if (runner.times().size() < kFewestRuns) return std::nullopt;
      times.insert(times.end(), runner.times().begin(), runner.times().end());
    }
    const Duration run = Median(std::move(times));
    const double seconds = std::max(std::chrono::duration<double>(run).count(), 1e-9);
    return TuningPoint{rows, run, curve.instances * static_cast<double>(rows) / seconds};
  }

  const Facts& facts_;
  const TuningOptions& options_;
  const TuningDependencies& dependencies_;
  size_t method_ = 0;
  std::optional<RowSource> source_;
  Rows rows_;
  TimePoint end_;
  std::vector<Candidate> candidates_;
};

}  // namespace

int MethodToTune(const Facts& facts) {
  for (size_t i = 0; i < facts.methods.size(); ++i) {
    if (RowSource::FromFacts(facts.methods[i], kSeed)) return static_cast<int>(i);
  }
  return -1;
}

std::vector<TuningCurve> MeasureTuning(const Facts& facts, const TuningOptions& options,
                                       const TuningDependencies& dependencies) {
  return Measurement(facts, options, dependencies).Run();
}

}  // namespace flambeau
