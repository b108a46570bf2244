#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

#include "flambeau/attempts_internal.h"

namespace flambeau::client {
namespace {

bool IsRetryable(const absl::Status& error) {
  return error.code() == absl::StatusCode::kUnavailable ||
         error.code() == absl::StatusCode::kResourceExhausted;
}

constexpr std::chrono::hours kYear(365 * 24);

}  // namespace

TimePoint DeadlineIn(std::chrono::milliseconds timeout) {
  return std::chrono::steady_clock::now() + std::min<std::chrono::milliseconds>(timeout, kYear);
}

Attempts::Attempts(const RetryPolicy& policy, TimePoint deadline, std::function<TimePoint()> now,
                   std::function<double()> random)
    : policy_(policy), deadline_(deadline), now_(std::move(now)), random_(std::move(random)) {}

std::optional<std::chrono::nanoseconds> Attempts::PauseAfter(const absl::Status& error,
                                                             Pushback pushback) {
  ++failed_;
  if (!IsRetryable(error) || failed_ >= policy_.attempts) return std::nullopt;
  if (pushback && pushback->count() < 0) return std::nullopt;
  using Seconds = std::chrono::duration<double>;
  // As floating point, so that many attempts cannot overflow.
  const Seconds longest =
      std::min<Seconds>(policy_.maximum, Seconds(policy_.initial) * std::exp2(failed_ - 1));
  auto pause = std::chrono::duration_cast<std::chrono::nanoseconds>(random_() * longest);
  if (pushback) pause = std::max<std::chrono::nanoseconds>(pause, *pushback);
  if (pause >= deadline_ - now_()) return std::nullopt;
  return pause;
}

double Random() {
  thread_local std::mt19937 generator(std::random_device{}());
  return std::uniform_real_distribution<double>()(generator);
}

}  // namespace flambeau::client
