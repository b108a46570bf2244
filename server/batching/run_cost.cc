#include "batching/run_cost.h"

#include <algorithm>
#include <chrono>

namespace flambeau {
namespace {

// What a run still weighs after the next one: about the last 30 count.
constexpr double kMemory = 31.0 / 32;
// Sizes that vary less than this (rows squared) say nothing about the slope.
constexpr double kLeastVariance = 0.25;

}  // namespace

void RunCost::Note(int64_t rows, Duration elapsed) {
  const auto x = static_cast<double>(rows);
  const double y = std::chrono::duration<double>(elapsed).count();
  weight_ = weight_ * kMemory + 1;
  rows_ = rows_ * kMemory + x;
  rows_squared_ = rows_squared_ * kMemory + x * x;
  seconds_ = seconds_ * kMemory + y;
  product_ = product_ * kMemory + x * y;
}

Duration RunCost::Of(int64_t rows) const {
  if (weight_ == 0) return Duration::zero();
  const double mean_rows = rows_ / weight_;
  const double mean_seconds = seconds_ / weight_;
  const double variance = rows_squared_ / weight_ - mean_rows * mean_rows;
  const double steepest = mean_seconds / mean_rows;  // the line through the origin
  double slope = steepest;
  if (variance >= kLeastVariance) {
    slope = std::clamp((product_ / weight_ - mean_rows * mean_seconds) / variance, 0.0, steepest);
  }
  const double seconds = mean_seconds + slope * (static_cast<double>(rows) - mean_rows);
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

}  // namespace flambeau
