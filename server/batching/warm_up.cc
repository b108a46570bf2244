#include "batching/warm_up.h"

#include <bit>
#include <chrono>
#include <optional>
#include <string>

#include "batching/batch_sizes.h"
#include "batching/result_slots.h"
#include "batching/row_source.h"

namespace flambeau {
namespace {

constexpr uint64_t kSeed = 1;
constexpr int kRuns = 3;
// Beside runs of so long on a CPU, what a larger size has to choose and to take anew is nothing;
// and they would keep the cores from models that serve.
constexpr Duration kLongRun = std::chrono::milliseconds(50);

struct Step {
  int64_t size;
  int runs;
};

struct Plan {
  std::vector<Step> steps;
  bool until_long;
  TimePoint end;
};

// An accelerator's libraries choose how to compute each size when they first see it, for tens of
// milliseconds, where TorchScript has learnt what it will from a few.
Plan MakePlan(int64_t largest, bool accelerator, TimePoint end) {
  Plan plan{{}, !accelerator, end};
  for (const int64_t size : BatchSizes(largest)) plan.steps.push_back({size, kRuns});
  for (int64_t size = 3; accelerator && size < largest; ++size) {
    if (!std::has_single_bit(static_cast<uint64_t>(size))) plan.steps.push_back({size, 1});
  }
  return plan;
}

// `compute`: what the run took, without the wait for a core.
Result<Value> RunOnce(Instance& instance, const std::vector<Item>& items, Duration* compute) {
  ResultSlots slots;
  slots.Reset(items.size());
  *compute = instance.Run(items, slots).compute;
  Result<Value> first = slots.Take(0);
  for (size_t i = 1; i < items.size() && first.ok(); ++i) {
    Result<Value> other = slots.Take(i);
    if (!other.ok()) return other.status();
  }
  return first;
}

Status WarmMethod(Instance& instance, size_t method, RowSource& source, const Plan& plan,
                  Clock& clock, const OnWarmRow& on_row) {
  std::vector<std::vector<Value>> rows;
  bool reported = false;
  for (const auto [size, runs] : plan.steps) {
    if (size > source.Affordable(size)) continue;
    std::vector<Item> items;
    if (!source.Extend(static_cast<size_t>(size), &rows)) {
      return ResourceExhausted("no memory for the rows of the warm-up");
    }
    for (int64_t i = 0; i < size; ++i) items.push_back({method, rows[static_cast<size_t>(i)], 1});
    Duration compute{};
    for (int run = 0; run < runs; ++run) {
      if (clock.Now() >= plan.end) {
        return DeadlineExceeded("the warm-up took too long and was cut short");
      }
      Result<Value> answer = RunOnce(instance, items, &compute);
      if (!answer.ok()) return answer.status();
      if (!reported && on_row) on_row(method, rows[0], *answer);
      reported = true;
    }
    if (plan.until_long && compute >= kLongRun) return OkStatus();
  }
  return OkStatus();
}

}  // namespace

Status WarmUp(Instance& instance, const Facts& facts, const WarmUpOptions& options, Clock& clock,
              const OnWarmRow& on_row) {
  const TimePoint end = clock.Now() + options.budget;
  Status first_failure;
  for (size_t method = 0; method < facts.methods.size(); ++method) {
    std::optional<RowSource> source = RowSource::FromFacts(facts.methods[method], kSeed);
    if (!source) continue;
    const Plan plan = MakePlan(options.max_batch_size[method], facts.device != "cpu", end);
    first_failure.Update(WarmMethod(instance, method, *source, plan, clock, on_row));
  }
  return first_failure;
}

}  // namespace flambeau
