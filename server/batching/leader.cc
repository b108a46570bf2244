#include "batching/leader.h"

#include <algorithm>

namespace flambeau {

void Leader::Add(Scheduler* scheduler, const std::shared_ptr<const void>& keep) {
  const bool known =
      std::any_of(followers_.begin(), followers_.end(),
                  [scheduler](const Follower& f) { return f.scheduler == scheduler; });
  if (!known) followers_.push_back({scheduler, keep});
}

void Leader::Lead() {
  for (const Follower& follower : followers_) follower.scheduler->Lead();
  followers_.clear();
}

}  // namespace flambeau
