// The Repository that loads from disk on threads of its own.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/thread.h"
#include "repository/layout.h"
#include "repository/reaper.h"
#include "repository/refiner.h"
#include "repository/repository.h"
#include "repository/version_loader.h"
#include "repository/versions.h"
#include "repository/watcher.h"
#include "spec/config_file.h"

namespace flambeau {

// Threads: as Repository. Its own: `load_threads` that load and unload, one that destroys versions,
// one that checks versions again.
// Lifetime: as Repository. Errors: Start.
class LoadingRepository final : public Repository {
 public:
  LoadingRepository(Options options, const Dependencies& dependencies);
  ~LoadingRepository() override;

  // Once: reads the layout and begins to load.
  Status Start();

  Result<ServablePtr> Resolve(std::string_view name, std::string_view version) const override;
  Result<ServablePtr> Route(std::string_view name, std::string_view version) const override;
  Routing RoutingOf(std::string_view name) const override;
  std::vector<ServablePtr> Ready(std::string_view name) const override;
  void Load(const std::string& name, std::optional<std::string> config, LoadDone done) override;
  void Unload(const std::string& name, LoadDone done) override;
  std::vector<IndexEntry> Index() const override;
  bool Settled() const override;
  bool WaitSettled(TimePoint deadline) override;
  void Stop() override;

 private:
  struct Entry {
    FoundModel found;
    Versions versions;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;
  // Let go of once the lock is.
  using Retired = std::vector<std::shared_ptr<LoadedServable>>;

  // Why a job is there: found at start, asked for, or changed on disk.
  enum class Cause { kStart, kRequest, kWatch };
  struct Job {
    std::string name;
    Cause cause = Cause::kStart;
    bool unload = false;
    std::optional<std::string> config;
    LoadDone done;  // kRequest's
  };
  // What loading a model's versions came to.
  struct Loaded {
    VersionToLoad version;
    FileStamp stamp;
    bool unchanged = false;
    Result<std::shared_ptr<LoadedServable>> servable{nullptr};
  };

  struct ToRefine {
    VersionToLoad version;
    FileStamp stamp;  // of the files that `serving` was loaded from
    std::shared_ptr<LoadedServable> serving;

    bool unchanged() const;
  };

  // And what that means for the versions that are there.
  struct Outcome {
    std::set<int64_t> wanted;
    std::set<int64_t> gone;  // from disk
    bool file_refused = false;
    Status failure;
  };

  Status CheckNames() const;
  void StartLoading();
  Result<ServablePtr> Pin(std::string_view name, std::string_view version, bool shared) const;
  Result<Entries::const_iterator> Find(std::string_view name) const;
  void Enqueue(Job job);
  // The watcher's: the model's files have changed.
  void OnChange(const std::string& name);
  void Reroute(const std::string& name);
  static Result<Routing> RoutingOnDisk(const FoundModel& found);
  // `loaded`: after a load of the model's versions.
  void ApplyRouting(const std::string& name, const Routing& routing, bool loaded,
                    Versions* versions);

  // The loader threads'.
  void LoadLoop();
  std::optional<Job> TakeJob(std::unique_lock<std::mutex>* lock);
  Status Run(const Job& job);
  Status RunLoad(const FoundModel& found, const Job& job);
  Status RunUnload(const std::string& name);
  // The model is gone from disk.
  Status RunRemove(const std::string& name);
  Result<FoundModel> FindModel(const Job& job) const;
  Result<std::shared_ptr<const ModelConfig>> ReadModelConfig(const FoundModel& found,
                                                             const Job& job);
  std::vector<Loaded> Announce(const FoundModel& found,
                               const std::shared_ptr<const ModelConfig>& config,
                               const Routing& routing);
  Status Commit(const FoundModel& found, std::vector<Loaded> loaded);
  void DropUnwanted(const std::string& name, const Outcome& outcome, Entry* entry,
                    Retired* retired);
  std::set<int64_t> GoneFromDisk(const std::string& name) const;
  Status Fail(const Loaded& one, bool gone, Entry* entry, Retired* retired);
  void Install(Loaded one, Entry* entry, Retired* retired);
  void Drop(const std::string& name, int64_t number, Entry* entry, Retired* retired);
  // The refiner's: checks a version again that has learned something, and puts one that runs as
  // the check advises in its place.
  void Refine(const std::string& name, int64_t number);
  std::optional<ToRefine> FindToRefine(const std::string& name, int64_t number) const;
  void Adopt(const ToRefine& before, Inspection inspection);
  bool Replace(const ToRefine& before, const ToRefine& after);
  void KeepAsBefore(const ToRefine& before, const Status& why, SeenShapes tried);
  void Remember(const ToRefine& known) const;
  // Why the model as a whole cannot be loaded; versions that serve go on.
  Status Refuse(const std::string& name, const Status& status);
  // Lets a version go; the reaper destroys it once no request holds it.
  static void Retire(VersionEntry* entry, Retired* retired);
  void SetState(const std::string& name, int64_t version, VersionEntry* entry, ModelState state,
                std::string reason);
  void OnGone(const std::string& name, int64_t version);

  const Options options_;
  const Dependencies dependencies_;
  const std::shared_ptr<Refiner> refiner_;  // null without an inspector
  const VersionLoader loader_;
  // Held from reading a routing.json until it is in force, so that the last one read is; before
  // mutex_.
  std::mutex routing_mutex_;
  mutable std::mutex mutex_;
  std::condition_variable settled_;
  std::condition_variable wake_;  // a job came, or one that another waited for ended
  Entries entries_;
  // Those found at start, then at most max_waiting_loads and one a model that has changed.
  std::deque<Job> jobs_;
  std::set<std::string> busy_;  // models being loaded or unloaded: one job of a model at a time
  size_t unsettled_ = 0;        // found at start and waiting or being loaded
  bool stopping_ = false;
  Reaper reaper_;
  std::vector<Thread> loaders_;
  std::unique_ptr<Watcher> watcher_;  // kWatch's
};

}  // namespace flambeau
