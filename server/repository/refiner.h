// Checks versions again that have learned something, one after the other, while they serve.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include "base/thread.h"

namespace flambeau {

// Threads: any; its own runs the checks. Lifetime: the destructor joins: a check in progress ends
// first. Errors: none.
class Refiner {
 public:
  using Refine = std::function<void(const std::string& name, int64_t version)>;
  explicit Refiner(Refine refine);
  ~Refiner() { Join(); }

  // As many wait as versions were loaded, so no bound.
  void Add(const std::string& name, int64_t version);
  // What waits is dropped, and what comes. Does not wait.
  void Stop();
  // Stops, and waits for a check in progress.
  void Join();
  bool busy() const;

 private:
  void Run();

  const Refine refine_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<std::string, int64_t>> waiting_;
  bool busy_ = false;
  bool stopped_ = false;
  Thread thread_;  // last: the others are there when it starts
};

}  // namespace flambeau
