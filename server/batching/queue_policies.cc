#include "batching/queue_policies.h"

#include <algorithm>
#include <chrono>

namespace flambeau {
namespace {

// Beyond it a timeout is none, and sums cannot wrap.
constexpr Duration kYear = std::chrono::hours(24 * 365);

bool IsDeclared(const QueuePolicy& policy) {
  return policy.timeout_action != QueuePolicy::TimeoutAction::kReject ||
         policy.default_timeout > Duration::zero() || policy.allow_timeout_override ||
         policy.max_queue_size > 0;
}

Duration TimeoutOf(const QueuePolicy& policy, Duration wanted) {
  const bool counts = policy.allow_timeout_override && wanted > Duration::zero();
  if (!counts) return policy.default_timeout;
  return policy.default_timeout > Duration::zero() ? std::min(policy.default_timeout, wanted)
                                                   : wanted;
}

}  // namespace

Status QueuePolicies::Check(const Scheduler::Options& options) {
  if (options.priority_levels <= kMaxLevels) return OkStatus();
  return InvalidArgument("priority_levels is " + std::to_string(options.priority_levels) +
                         ", and at most " + std::to_string(kMaxLevels) + " are supported.");
}

QueuePolicies::QueuePolicies(const Scheduler::Options& options) {
  const size_t levels = std::clamp<uint64_t>(options.priority_levels, 1, kMaxLevels);
  for (size_t i = 0; i < levels; ++i) {
    const auto own = options.priority_policies.find(i + 1);
    const bool has_own = options.priority_levels > 0 && own != options.priority_policies.end();
    Level level{has_own ? own->second : options.default_policy, false};
    level.declared = has_own || IsDeclared(level.policy);
    if (level.policy.max_queue_size == 0) level.policy.max_queue_size = options.max_queue_size;
    levels_.push_back(level);
  }
  // Where none is declared, the lowest: whoever names a priority goes first.
  const uint64_t chosen = options.default_priority;
  default_level_ = (chosen >= 1 && chosen <= levels ? chosen : levels) - 1;
}

size_t QueuePolicies::LevelOf(uint64_t priority) const {
  return priority >= 1 && priority <= levels_.size() ? priority - 1 : default_level_;
}

void QueuePolicies::Apply(Pending* pending) const {
  const size_t index = LevelOf(pending->work.priority);
  pending->rank = static_cast<uint32_t>(2 * index);
  const Level& level = levels_[index];
  if (!level.declared) return;
  const Duration timeout = TimeoutOf(level.policy, pending->work.queue_timeout);
  if (timeout <= Duration::zero() || timeout > kYear) return;
  pending->queue_deadline = pending->submitted + timeout;
  pending->delays = level.policy.timeout_action == QueuePolicy::TimeoutAction::kDelay;
}

}  // namespace flambeau
