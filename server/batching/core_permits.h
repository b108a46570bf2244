// A server-wide cap: the threads that models run on never exceed the cores.
#pragma once

#include <condition_variable>
#include <mutex>

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

  // Beside those that hold permits one thread at a time may run, if it gives way (GiveWay): it
  // takes what they leave. A permit for it would have them wait for a run that nobody waits for.
  [[nodiscard]] std::unique_lock<std::mutex> RunAside() { return std::unique_lock(aside_); }

 private:
  int Clamp(int count) const { return count < cores_ ? count : cores_; }

  const int cores_;
  std::mutex mutex_;
  std::condition_variable freed_;
  int free_;
  unsigned long next_ticket_ = 0;
  unsigned long serving_ = 0;
  std::mutex aside_;
};

}  // namespace flambeau
