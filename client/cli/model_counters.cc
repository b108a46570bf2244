#include "cli/model_counters.h"

namespace flambeau::client {
namespace {

void Add(const Spent& spent, int sign, Spent* sum) {
  sum->count += sign * spent.count;
  sum->nanoseconds += sign * spent.nanoseconds;
}

void Add(const ModelCounters& model, int sign, ModelCounters* sum) {
  sum->inferences += sign * model.inferences;
  sum->executions += sign * model.executions;
  Add(model.success, sign, &sum->success);
  Add(model.fail, sign, &sum->fail);
  Add(model.queue, sign, &sum->queue);
  Add(model.compute, sign, &sum->compute);
}

Spent ToSpent(const DurationStatistic& statistic) {
  return {static_cast<int64_t>(statistic.count), statistic.total.count()};
}

ModelCounters ToCounters(const ModelStatistics& model) {
  ModelCounters counters;
  counters.name = model.name;
  counters.version = model.version;
  counters.inferences = static_cast<int64_t>(model.inference_count);
  counters.executions = static_cast<int64_t>(model.execution_count);
  counters.success = ToSpent(model.success);
  counters.fail = ToSpent(model.fail);
  counters.queue = ToSpent(model.queue);
  counters.compute = ToSpent(model.compute_infer);
  counters.compute.nanoseconds += (model.compute_input.total + model.compute_output.total).count();
  return counters;
}

bool WentBack(const ModelCounters& before, const ModelCounters& after) {
  return after.success.count < before.success.count || after.fail.count < before.fail.count ||
         after.executions < before.executions;
}

}  // namespace

double Spent::MeanMicroseconds() const {
  return count == 0 ? 0 : static_cast<double>(nanoseconds) / 1e3 / static_cast<double>(count);
}

double ModelCounters::MeanBatch() const {
  return executions == 0 ? 0 : static_cast<double>(inferences) / static_cast<double>(executions);
}

std::vector<ModelCounters> CountersOf(const std::vector<ModelStatistics>& models) {
  std::vector<ModelCounters> counters;
  counters.reserve(models.size());
  for (const ModelStatistics& model : models) counters.push_back(ToCounters(model));
  return counters;
}

std::vector<ModelCounters> Difference(const std::vector<ModelCounters>& before,
                                      const std::vector<ModelCounters>& after) {
  std::vector<ModelCounters> difference = after;
  for (ModelCounters& model : difference) {
    for (const ModelCounters& old : before) {
      if (old.name != model.name || old.version != model.version || WentBack(old, model)) continue;
      Add(old, -1, &model);
    }
  }
  return difference;
}

ModelCounters Sum(const std::vector<ModelCounters>& models) {
  ModelCounters sum;
  for (const ModelCounters& model : models) Add(model, 1, &sum);
  return sum;
}

}  // namespace flambeau::client
