// How long a request of each priority level may wait, and how many may.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/status.h"
#include "batching/pending.h"
#include "batching/scheduler.h"

namespace flambeau {

// Source: Triton's ModelDynamicBatching and ModelQueuePolicy (model_config.proto).
// Threads: any; immutable. Lifetime: plain. Errors: Check.
class QueuePolicies {
 public:
  static constexpr uint64_t kMaxLevels = 1024;

  // INVALID_ARGUMENT if there are more levels than kMaxLevels.
  static Status Check(const Scheduler::Options& options);

  explicit QueuePolicies(const Scheduler::Options& options);

  // Gives `pending`, which has its `submitted`, its rank and its queue deadline.
  void Apply(Pending* pending) const;
  // Whether a policy was declared for requests of that priority.
  bool Declared(uint64_t priority) const { return levels_[LevelOf(priority)].declared; }
  // How many of the level of `rank` may wait.
  size_t MaxQueueSize(uint32_t rank) const { return levels_[rank / 2].policy.max_queue_size; }

 private:
  struct Level {
    QueuePolicy policy;
    bool declared = false;
  };

  size_t LevelOf(uint64_t priority) const;

  size_t default_level_ = 0;
  std::vector<Level> levels_;  // 1 first; one if there are no priorities
};

}  // namespace flambeau
