// Which models and versions exist, which are ready, and why one is not.
//
// Layouts: DIR/name.pt (version 1), DIR/name/model.pt (version 1), DIR/name/<int>/model.pt (the
// highest serves, and only it is loaded), or one file FILE.pt. name.pt beside name/ refuses both.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "batching/core_permits.h"
#include "batching/scheduler.h"
#include "metrics/metrics.h"
#include "repository/servable.h"

namespace flambeau {

enum class ModelState { kLoading, kReady, kUnavailable, kUnloading };
std::string_view Name(
    ModelState state);  // Triton's: "LOADING", "READY", "UNAVAILABLE", "UNLOADING"

struct IndexEntry {
  std::string name;
  int64_t version = 0;  // 0 if none could be told
  ModelState state = ModelState::kLoading;
  std::string reason;  // one sentence if unavailable, without host paths
};

// Model names: 1 to 128 of [A-Za-z0-9._-], not starting with a dot.
bool IsModelName(std::string_view name);

// Threads: any. Lifetime: the destructor stops every scheduler; a load in progress is abandoned to
// finish on its own thread, which it joins last.
class Repository {
 public:
  struct Options {
    std::string path;           // a directory or one file
    std::string default_model;  // "" : the only model
    std::string device = "cpu";
    int load_threads = 2;
    Scheduler::Options scheduler;
  };
  struct Dependencies {
    Backend* backend;
    Clock* clock;
    CorePermits* permits;
    Log* log;
    Metrics* metrics;
  };

  // Reads the layout and begins to load in the background.
  // Errors: NOT_FOUND if the path does not exist, INVALID_ARGUMENT if it is neither.
  static Result<std::unique_ptr<Repository>> Create(const Options& options,
                                                    const Dependencies& dependencies);
  virtual ~Repository() = default;

  // Pins a ready version. `version` empty: the one that serves. `name` empty: --default-model or
  // the only model. Errors: INVALID_ARGUMENT (not a name, not a number, no default), NOT_FOUND,
  // UNAVAILABLE (loading or failed).
  virtual Result<ServablePtr> Resolve(std::string_view name, std::string_view version) const = 0;

  // Pins every ready version of `name`, the highest first; of every model if `name` is empty.
  virtual std::vector<ServablePtr> Ready(std::string_view name) const { return {}; }

  virtual std::vector<IndexEntry> Index() const = 0;
  // True once every model found at start is ready or has failed.
  virtual bool Settled() const = 0;
  // Waits for Settled, at most until `deadline`.
  virtual bool WaitSettled(TimePoint deadline) = 0;
  // Nothing new is loaded, waiting work is answered UNAVAILABLE. Waits for nothing: Settled() is
  // false while a load is still in progress.
  virtual void Stop() = 0;
};

}  // namespace flambeau
