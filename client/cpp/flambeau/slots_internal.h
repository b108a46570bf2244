// The bound on what is in flight.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "absl/status/status.h"
#include "flambeau/attempts_internal.h"
#include "flambeau/event_loop_internal.h"

namespace flambeau::client {

// Threads: any. Lifetime: beyond what holds a slot. Errors: of Take.
class Slots {
 public:
  Slots(size_t count, const EventLoop* loop) : loop_(loop), count_(count) {}

  // Waits until one is free.
  // Errors: DEADLINE_EXCEEDED; RESOURCE_EXHAUSTED on the loop's thread, which frees them; CANCELLED
  // after Close.
  absl::Status Take(TimePoint deadline);
  void Give();

  void Close();
  // Waits until none is taken.
  void AwaitFree();

 private:
  const EventLoop* const loop_;
  const size_t count_;
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t taken_ = 0;
  bool closed_ = false;
};

}  // namespace flambeau::client
