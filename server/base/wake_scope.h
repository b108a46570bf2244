// Wake-ups of other threads, once for each where a thread has several reasons.
#pragma once

#include <memory>
#include <vector>

namespace flambeau {

// A thread that sleeps until somebody has something for it.
// Threads: Wake from any. Lifetime: shared with whoever still owes it a wake-up. Errors: none.
class Sleeper {
 public:
  virtual ~Sleeper() = default;
  virtual void Wake() = 0;
};

// While one exists, the wake-ups that its thread gives are kept, and given at its end: who is woken
// by the first answer of a batch finds them all, and does not fall asleep between two.
// Threads: its own; scopes do not nest. Lifetime: a block. Errors: none.
class WakeScope {
 public:
  WakeScope();
  WakeScope(const WakeScope&) = delete;
  WakeScope& operator=(const WakeScope&) = delete;
  ~WakeScope();

  // Wakes `sleeper` now, or at the end of the calling thread's scope.
  static void Wake(std::shared_ptr<Sleeper> sleeper);

 private:
  std::vector<std::shared_ptr<Sleeper>> owed_;
};

}  // namespace flambeau
