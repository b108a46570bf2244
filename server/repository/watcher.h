// Watches the model directory on a thread of its own: by events where there are some, and by
// looking every few seconds, since network and overlay file systems have none.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "repository/directory_events.h"
#include "repository/model_changes.h"
#include "repository/model_tree.h"

namespace flambeau {

// Threads: any. Its own: "watch". Lifetime: what it was given outlives it; the destructor waits for
// a look in progress. Errors: none; what goes wrong is logged.
class Watcher {
 public:
  struct Options {
    ModelChanges::Options changes;
    Duration rescan = std::chrono::seconds(5);
  };
  // Makes the events, which call back what it is given.
  using MakeEvents =
      std::function<std::unique_ptr<DirectoryEvents>(DirectoryEvents::OnEvent on_event)>;
  // A model's files have changed and rest; on the watcher's thread.
  using OnChange = std::function<void(const std::string& model)>;

  // `known`: what lay in `path` when it was read.
  Watcher(std::string path, const Options& options, ModelTree known, const MakeEvents& make_events,
          Clock* clock, Log* log, OnChange on_change);
  ~Watcher();

  // No look begins after this; waits for nothing.
  void Stop();

 private:
  void Run();
  void Look(const std::set<std::string>& moved);
  void OnEvent(std::optional<std::string> moved);

  const std::string path_;
  const Options options_;
  Clock* const clock_;
  Log* const log_;
  const OnChange on_change_;
  // The thread's.
  ModelChanges changes_;
  std::set<std::string> watched_;
  bool reported_ = false;  // that it cannot be read, until it can
  bool eventless_ = false;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopped_ = false;
  bool woken_ = false;
  std::set<std::string> moved_;  // since the last look; at most kMostMoved
  std::unique_ptr<DirectoryEvents> events_;
  Thread thread_;
};

}  // namespace flambeau
