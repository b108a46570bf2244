// What calls do with a Cancellation.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

#include "flambeau/cancellation.h"

namespace flambeau::client {

// Threads: any. Lifetime: shared by a Cancellation's copies. Errors: none.
class Cancellation::State {
 public:
  void Cancel();
  bool cancelled() const;

  // Calls `action` when it is cancelled, or now if it has been; with the lock held, so it must
  // neither wait nor come back here.
  uint64_t Add(std::function<void()> action);
  // Once it returns, the action does not run any more.
  void Remove(uint64_t id);

  // Returns whether it was cancelled within `time`.
  bool WaitFor(std::chrono::nanoseconds time);

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool cancelled_ = false;
  uint64_t last_ = 0;
  std::map<uint64_t, std::function<void()>> actions_;
};

// An action that is taken back in the destructor.
// Threads: owned by one at a time. Lifetime: holds the switch. Errors: none.
class OnCancel {
 public:
  OnCancel(Cancellation cancellation, std::function<void()> action);
  OnCancel(const OnCancel&) = delete;
  OnCancel& operator=(const OnCancel&) = delete;
  ~OnCancel();

 private:
  const Cancellation cancellation_;
  const uint64_t id_;
};

}  // namespace flambeau::client
