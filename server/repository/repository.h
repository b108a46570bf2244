// Which models and versions exist, which are ready, and why one is not.
//
// Layouts: DIR/name.pt (version 1), DIR/name/model.pt (version 1), DIR/name/<int>/model.pt (the
// highest, unless the configuration's version_policy says otherwise), or one file FILE.pt. name.pt
// beside name/ refuses both. DIR/name may hold a config.pbtxt or config.json, and a routing.json.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "batching/core_permits.h"
#include "batching/scheduler.h"
#include "batching/tuning.h"
#include "metrics/metrics.h"
#include "repository/example_check.h"
#include "repository/inspector.h"
#include "repository/servable.h"
#include "repository/watcher.h"
#include "spec/routing.h"

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

// none: every model is loaded at start and stays. watch: and follows what changes on disk.
// explicit: the named ones, then what is asked for.
enum class ModelControl { kNone, kWatch, kExplicit };

// Called exactly once, from any thread; must not block.
using LoadDone = std::function<void(const Status&)>;

// Model names: 1 to 128 of [A-Za-z0-9._-], not starting with a dot.
bool IsModelName(std::string_view name);

// Threads: any. Lifetime: the destructor stops every scheduler; a load in progress is abandoned to
// finish on its own thread, which it joins last.
// Errors: as each method says.
class Repository {
 public:
  struct Options {
    std::string path;           // a directory or one file
    std::string default_model;  // "" : the only model
    std::string device = "cpu";
    int load_threads = 2;
    size_t max_waiting_loads = 64;               // those asked for; more are refused
    ModelControl control = ModelControl::kNone;  // the flag's default is watch
    std::vector<std::string> load_at_start;      // kExplicit; "*": all
    Watcher::Options watch;
    Scheduler::Options scheduler;
    TuningScope tuning = {};  // what of it an inspector may choose for each model
  };
  struct Dependencies {
    Backend* backend;
    Clock* clock;
    CorePermits* permits;
    Log* log;
    Metrics* metrics;
    Inspector* inspector = nullptr;         // null: a model is tried out in this process only
    ExampleCheck check_examples = nullptr;  // null: golden examples are not looked at
  };

  // Reads the layout and begins to load in the background.
  // Errors: NOT_FOUND if the path does not exist, INVALID_ARGUMENT if it is neither.
  static Result<std::unique_ptr<Repository>> Create(const Options& options,
                                                    const Dependencies& dependencies);
  virtual ~Repository() = default;

  // Pins a ready version, by its number or a label of the model's routing.json. `version` empty:
  // the one labelled stable, else the highest. `name` empty: --default-model or the only model.
  // Errors: INVALID_ARGUMENT (not a name, not a version, no default), NOT_FOUND, UNAVAILABLE
  // (loading or failed).
  virtual Result<ServablePtr> Resolve(std::string_view name, std::string_view version) const = 0;
  // The same for a request to run the model: without a version it may get one that has a share.
  virtual Result<ServablePtr> Route(std::string_view name, std::string_view version) const {
    return Resolve(name, version);
  }
  // The model's labels and shares in force.
  virtual Routing RoutingOf(std::string_view name) const { return {}; }

  // Pins every ready version of `name`, the highest first; of every model if `name` is empty.
  virtual std::vector<ServablePtr> Ready(std::string_view name) const { return {}; }

  // Explicit control: reads the model's directory anew and loads what is new or has changed; the
  // versions that serve go on until the new ones are ready, and for good if one fails. `config`: a
  // ModelConfig as JSON in place of the model's own.
  // Errors, through `done`: UNIMPLEMENTED without explicit control, NOT_FOUND, INVALID_ARGUMENT
  // (the model or its configuration is refused), RESOURCE_EXHAUSTED (too many wait), UNAVAILABLE
  // (stopping).
  virtual void Load(const std::string& name, std::optional<std::string> config, LoadDone done) = 0;
  // No new request reaches the model from now on, those that have it pinned end; then its versions
  // are destroyed. `done` does not wait for that. Errors: as Load.
  virtual void Unload(const std::string& name, LoadDone done) = 0;

  // One entry for each version; one of version 0 where none could be told.
  virtual std::vector<IndexEntry> Index() const = 0;
  // True once every model found at start is ready or has failed.
  virtual bool Settled() const = 0;
  // Waits for Settled, at most until `deadline`.
  virtual bool WaitSettled(TimePoint deadline) = 0;
  // Nothing new is loaded, waiting work is answered UNAVAILABLE. Waits for nothing: afterwards
  // Settled() is false while a load is still in progress.
  virtual void Stop() = 0;
};

}  // namespace flambeau
