// SIGTERM and Ctrl-C, taken one at a time by the thread that asks.
#pragma once

#include <csignal>

#include "base/clock.h"

namespace flambeau {

// Threads: create it before any other thread, so that all inherit the mask; wait from one.
// Lifetime: one in the process, until it ends. Errors: none.
class StopSignals {
 public:
  // Blocks SIGTERM and SIGINT, and ignores SIGPIPE.
  StopSignals();

  // The signal that came, or 0 after `duration`.
  int WaitFor(Duration duration);
  // As if SIGTERM had come. Threads: any.
  static void Raise();

 private:
  sigset_t set_;
};

}  // namespace flambeau
