#include "batching/tuning.h"

#include <algorithm>
#include <cstdio>

#include "batching/run_cost.h"

namespace flambeau {
namespace {

// Of the highest rate: for less than the rest nobody's rows should wait for others'.
constexpr double kNearlyBest = 0.95;
// A limit of 1 would tell clients that the model takes no batches.
constexpr int64_t kSmallestLimit = 2;

RunCost CostOf(const TuningCurve& curve) {
  RunCost cost;
  for (const TuningPoint& point : curve.points) cost.Note(point.rows, point.run);
  return cost;
}

double Microseconds(Duration duration) {
  return std::chrono::duration<double, std::micro>(duration).count();
}

// Calls `visit` with each point that counts, and its curve.
template <typename Visit>
void ForEachPoint(const std::vector<TuningCurve>& curves, bool merged, const Visit& visit) {
  for (const TuningCurve& curve : curves) {
    for (const TuningPoint& point : curve.points) {
      if (merged || point.rows == 1) visit(curve, point);
    }
  }
}

std::string Summarize(const TuningCurve& curve, const TuningPoint& point) {
  char text[200];
  std::snprintf(text, sizeof(text),
                "%d x %d (instances x threads) gives %.0f rows/s in batches of %lld; a run of b "
                "rows takes %.1f + %.2f b us",
                curve.instances, curve.threads, point.rows_per_second,
                static_cast<long long>(point.rows), Microseconds(curve.t0()),
                Microseconds(curve.per_row()));
  return text;
}

}  // namespace

Duration TuningCurve::t0() const { return CostOf(*this).Of(0); }

Duration TuningCurve::per_row() const {
  const RunCost cost = CostOf(*this);
  return cost.Of(1) - cost.Of(0);
}

Tuned ChooseTuning(const std::vector<TuningCurve>& curves, const TuningScope& scope, bool merged) {
  double best = 0;
  int64_t largest = 0;
  ForEachPoint(curves, merged, [&](const TuningCurve&, const TuningPoint& point) {
    best = std::max(best, point.rows_per_second);
    largest = std::max(largest, point.rows);
  });
  const TuningCurve* curve = nullptr;
  const TuningPoint* point = nullptr;
  ForEachPoint(curves, merged, [&](const TuningCurve& other, const TuningPoint& candidate) {
    if (point != nullptr || candidate.rows_per_second < kNearlyBest * best) return;
    curve = &other;
    point = &candidate;
  });
  Tuned tuned;
  if (point == nullptr) return tuned;
  if (scope.instances) tuned.instances = curve->instances;
  if (scope.threads) tuned.threads = curve->threads;
  if (scope.max_batch_size && largest > 1) {
    tuned.max_batch_size = std::max(point->rows, kSmallestLimit);
  }
  tuned.summary = Summarize(*curve, *point);
  return tuned;
}

}  // namespace flambeau
