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
#include "repository/repository.h"
#include "repository/version_loader.h"
#include "repository/versions.h"
#include "spec/config_file.h"

namespace flambeau {

// Threads: as Repository. Its own: `load_threads` that load and unload, one that destroys versions.
// Lifetime: as Repository. Errors: Start.
class LoadingRepository final : public Repository {
 public:
  LoadingRepository(Options options, const Dependencies& dependencies);
  ~LoadingRepository() override;

  // Once: reads the layout and begins to load.
  Status Start();

  Result<ServablePtr> Resolve(std::string_view name, std::string_view version) const override;
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
    std::shared_ptr<const ModelConfig> config;  // that of the versions that serve
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  struct Job {
    std::string name;
    bool unload = false;
    std::optional<std::string> config;
    LoadDone done;  // null: found at start
  };
  // What loading a model's versions came to.
  struct Loaded {
    VersionToLoad version;
    FileStamp stamp;
    bool unchanged = false;
    Result<std::shared_ptr<LoadedServable>> servable{nullptr};
  };

  Status CheckNames() const;
  void StartLoading();
  Result<Entries::const_iterator> Find(std::string_view name) const;
  void Enqueue(Job job);

  // The loader threads'.
  void LoadLoop();
  std::optional<Job> TakeJob(std::unique_lock<std::mutex>* lock);
  Status Run(const Job& job);
  Status RunLoad(const Job& job);
  Status RunUnload(const std::string& name);
  Result<FoundModel> FindModel(const Job& job);
  Result<std::shared_ptr<const ModelConfig>> ReadModelConfig(const FoundModel& found,
                                                             const Job& job);
  std::vector<Loaded> Announce(const FoundModel& found,
                               const std::shared_ptr<const ModelConfig>& config);
  Status Commit(const FoundModel& found, std::shared_ptr<const ModelConfig> config,
                std::vector<Loaded> loaded);
  // Why the model as a whole cannot be loaded; versions that serve go on.
  Status Refuse(const std::string& name, const Status& status);
  // Lets a version go; the reaper destroys it once no request holds it.
  static void Retire(VersionEntry* entry, std::vector<std::shared_ptr<LoadedServable>>* retired);
  void SetState(const std::string& name, int64_t version, VersionEntry* entry, ModelState state,
                std::string reason);
  void OnGone(const std::string& name, int64_t version);

  const Options options_;
  const Dependencies dependencies_;
  const VersionLoader loader_;
  mutable std::mutex mutex_;
  std::condition_variable settled_;
  std::condition_variable wake_;  // a job came, or one that another waited for ended
  Entries entries_;
  std::deque<Job> jobs_;        // those found at start, then at most max_waiting_loads
  std::set<std::string> busy_;  // models being loaded or unloaded: one job of a model at a time
  size_t unsettled_ = 0;        // found at start and waiting or being loaded
  bool stopping_ = false;
  Reaper reaper_;
  std::vector<Thread> loaders_;
};

}  // namespace flambeau
