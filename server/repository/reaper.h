// Destroys versions that nobody holds any more, on a thread of its own: the last pin may be let go
// on a worker of the version's own scheduler, which that worker could not join.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/thread.h"
#include "repository/loaded_servable.h"

namespace flambeau {

// Threads: any. Lifetime: servables may outlive it: then whoever lets go of one destroys it.
// Errors: none.
class Reaper {
 public:
  // Called on the reaper's thread once a version is gone.
  using OnGone = std::function<void(const std::string& name, int64_t version)>;
  explicit Reaper(OnGone on_gone);
  ~Reaper() { Stop(); }

  std::shared_ptr<LoadedServable> Adopt(std::unique_ptr<LoadedServable> servable);

  // Destroys what nobody holds, then joins.
  void Stop();

 private:
  // Shared with the servables' deleters. As many wait as versions were loaded, so no bound.
  struct Queue {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::unique_ptr<LoadedServable>> gone;
    bool stopped = false;
  };

  void Run();

  const OnGone on_gone_;
  const std::shared_ptr<Queue> queue_ = std::make_shared<Queue>();
  Thread thread_;
};

}  // namespace flambeau
