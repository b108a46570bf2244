// A server-wide cap: the threads that requests run on never exceed the cores.
#pragma once

#include <condition_variable>
#include <mutex>
#include <semaphore>

#include "base/clock.h"

namespace flambeau {

// Counts cores, first come first served. A worker takes as many as its run uses threads.
// Threads: any. Lifetime: outlives every worker. Errors: none.
class CorePermits {
 public:
  // `cores` >= 1. A run that wants more than all takes all.
  explicit CorePermits(int cores);

  int cores() const { return cores_; }
  void Acquire(int count);
  bool TryAcquire(int count);
  // How many nobody holds, at this moment.
  int available();
  void Release(int count);

  // Beside those that hold permits a quarter as many threads, and always one, may run, if they give
  // way (GiveWay): they take what the others leave. A permit for such a run would have a worker
  // wait for it. False after `longest`.
  bool TryAside(Duration longest) { return aside_.try_acquire_for(longest); }
  void EndAside() { aside_.release(); }

 private:
  int Clamp(int count) const { return count < cores_ ? count : cores_; }

  const int cores_;
  std::mutex mutex_;
  std::condition_variable freed_;
  int free_;
  unsigned long next_ticket_ = 0;
  unsigned long serving_ = 0;
  std::counting_semaphore<> aside_;
};

}  // namespace flambeau
