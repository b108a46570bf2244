// A thread that reads requests by turns, and runs brief batches of them itself, in place of a
// worker.
#pragma once

#include <memory>
#include <vector>

#include "batching/scheduler.h"

namespace flambeau {

// It collects a turn's requests first (Scheduler::SubmitToLeader wakes nobody). What has come
// together it then runs, so that no thread is woken for a request and none for its answer, or
// leaves to one worker, woken once.
// Threads: one, whose turns they are. Lifetime: any. Errors: none; answers carry them.
class Leader {
 public:
  // `scheduler` has work for this thread; `keep` keeps it alive until it is done.
  void Add(Scheduler* scheduler, const std::shared_ptr<const void>& keep);
  // At the end of every turn, whatever happened in it.
  void Lead();

 private:
  struct Follower {
    Scheduler* scheduler;
    std::shared_ptr<const void> keep;
  };
  std::vector<Follower> followers_;  // each once
};

}  // namespace flambeau
