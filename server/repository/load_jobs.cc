// The loader threads' half of LoadingRepository.
#include <algorithm>
#include <utility>

#include "repository/loading_repository.h"

namespace flambeau {
namespace {

// A model's own error as the reason it is shown with.
std::string Sentence(const Status& status) {
  std::string text(Message(status));
  return text.empty() ? "it could not be loaded" : text;
}

bool Equal(const std::shared_ptr<const ModelConfig>& a,
           const std::shared_ptr<const ModelConfig>& b) {
  if (a == nullptr || b == nullptr) return a == b;
  return *a == *b;
}

}  // namespace

void LoadingRepository::LoadLoop() {
  std::unique_lock lock(mutex_);
  while (std::optional<Job> job = TakeJob(&lock)) {
    busy_.insert(job->name);
    lock.unlock();
    const Status status = Run(*job);
    lock.lock();
    busy_.erase(job->name);
    if (job->done == nullptr) --unsettled_;
    settled_.notify_all();
    wake_.notify_all();
    if (job->done == nullptr) continue;
    lock.unlock();
    job->done(status);
    lock.lock();
  }
}

// Waits for the first job of a model that no other thread is busy with; nothing at the end.
std::optional<LoadingRepository::Job> LoadingRepository::TakeJob(
    std::unique_lock<std::mutex>* lock) {
  while (!stopping_) {
    const auto next = std::find_if(jobs_.begin(), jobs_.end(),
                                   [this](const Job& job) { return busy_.count(job.name) == 0; });
    if (next != jobs_.end()) {
      Job job = std::move(*next);
      jobs_.erase(next);
      return job;
    }
    if (options_.control == ModelControl::kNone && jobs_.empty()) return std::nullopt;
    wake_.wait(*lock);
  }
  return std::nullopt;
}

Status LoadingRepository::Run(const Job& job) {
  return job.unload ? RunUnload(job.name) : RunLoad(job);
}

Status LoadingRepository::RunLoad(const Job& job) {
  FLAMBEAU_ASSIGN_OR_RETURN(const FoundModel found, FindModel(job));
  if (!found.problem.empty()) return Refuse(job.name, InvalidArgument(found.problem));
  auto config = ReadModelConfig(found, job);
  if (!config.ok()) return Refuse(job.name, config.status());
  std::vector<Loaded> loaded = Announce(found, *config);
  for (Loaded& one : loaded) {
    if (one.unchanged || !one.servable.ok()) continue;
    auto servable = loader_.Load(one.version);
    if (servable.ok()) {
      one.servable = reaper_.Adopt(*std::move(servable));
    } else {
      one.servable = servable.status();
    }
  }
  return Commit(found, *std::move(config), std::move(loaded));
}

// At start as it was found then, later as it is on disk now.
Result<FoundModel> LoadingRepository::FindModel(const Job& job) {
  if (job.done == nullptr) {
    const std::lock_guard lock(mutex_);
    return entries_.find(job.name)->second.found;
  }
  FLAMBEAU_ASSIGN_OR_RETURN(Layout layout, ScanLayout(options_.path));
  const auto found = std::find_if(layout.models.begin(), layout.models.end(),
                                  [&](const FoundModel& model) { return model.name == job.name; });
  if (found != layout.models.end()) return std::move(*found);
  return NotFound("There is no model '" + job.name + "' in the model directory.");
}

Result<std::shared_ptr<const ModelConfig>> LoadingRepository::ReadModelConfig(
    const FoundModel& found, const Job& job) {
  const ConfigPlace place{found.name, found.directory ? found.path : ""};
  std::optional<ParsedConfig> parsed;
  if (job.config) {
    FLAMBEAU_ASSIGN_OR_RETURN(parsed, ParseConfigJson(*job.config, "parameter 'config'", place));
  } else if (found.directory) {
    FLAMBEAU_ASSIGN_OR_RETURN(parsed, ReadConfig(place));
  }
  if (!parsed) return std::shared_ptr<const ModelConfig>();
  for (const std::string& warning : parsed->warnings) {
    dependencies_.log->Warning("model configuration",
                               {{"model", found.name}, {"warning", warning}});
  }
  return std::make_shared<const ModelConfig>(std::move(parsed->config));
}

// Which versions there are, shown as loading unless they serve already.
std::vector<LoadingRepository::Loaded> LoadingRepository::Announce(
    const FoundModel& found, const std::shared_ptr<const ModelConfig>& config) {
  const ModelConfig nothing;
  std::vector<Loaded> loaded;
  for (FoundVersion& version : FindVersions(found, config == nullptr ? nothing : *config)) {
    Loaded one;
    one.version = {found.name, version.version, version.file, found.directory ? found.path : "",
                   config};
    one.stamp = StampOf(version.file);
    if (!version.problem.empty()) one.servable = InvalidArgument(version.problem);
    loaded.push_back(std::move(one));
  }
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[found.name];
  entry.found = found;
  const bool same_config = Equal(entry.config, config);
  for (Loaded& one : loaded) {
    if (one.version.version == 0) continue;
    VersionEntry& version = entry.versions.entries()[one.version.version];
    one.unchanged = version.state == ModelState::kReady && same_config &&
                    version.file == one.version.file && version.stamp == one.stamp;
    if (version.state == ModelState::kReady || stopping_) continue;
    SetState(found.name, one.version.version, &version, ModelState::kLoading, "");
  }
  return loaded;
}

Status LoadingRepository::Commit(const FoundModel& found, std::shared_ptr<const ModelConfig> config,
                                 std::vector<Loaded> loaded) {
  std::vector<std::shared_ptr<LoadedServable>> retired;  // let go after the lock
  Status failure;
  const std::lock_guard lock(mutex_);
  if (stopping_) return Unavailable("The server is stopping; ask another one.");
  Entry& entry = entries_[found.name];
  std::set<int64_t> kept;
  for (Loaded& one : loaded) {
    const int64_t number = one.version.version;
    kept.insert(number);
    if (!one.servable.ok()) {
      const std::string reason = Sentence(one.servable.status());
      failure.Update(InvalidArgument("Model '" + found.name + "' could not be loaded" +
                                     (number == 0 ? "" : ", version " + std::to_string(number)) +
                                     ": " + reason));
      if (number == 0) {
        entry.versions.SetWhole(ModelState::kUnavailable, reason);
        dependencies_.metrics->ModelState(found.name, "0", Name(ModelState::kUnavailable));
        continue;
      }
      VersionEntry& version = entry.versions.entries()[number];
      if (version.state != ModelState::kReady) {
        SetState(found.name, number, &version, ModelState::kUnavailable, reason);
      }
      continue;
    }
    if (one.unchanged) continue;
    VersionEntry& version = entry.versions.entries()[number];
    Retire(&version, &retired);
    version.servable = *std::move(one.servable);
    version.file = one.version.file;
    version.stamp = one.stamp;
    SetState(found.name, number, &version, ModelState::kReady, "");
  }
  // Nothing that serves is taken away unless everything new is there.
  if (!failure.ok()) return failure;
  dependencies_.metrics->ModelState(found.name, "0", "");  // of a refusal before
  entry.config = std::move(config);
  for (auto at = entry.versions.entries().begin(); at != entry.versions.entries().end();) {
    if (kept.count(at->first) > 0) {
      ++at;
      continue;
    }
    Retire(&at->second, &retired);
    dependencies_.metrics->ModelState(found.name, std::to_string(at->first), "");
    at = entry.versions.entries().erase(at);
  }
  return OkStatus();
}

Status LoadingRepository::Refuse(const std::string& name, const Status& status) {
  const std::string reason = Sentence(status);
  dependencies_.log->Error("model refused", {{"model", name}, {"reason", reason}});
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[name];
  if (entry.versions.entries().empty() && !stopping_) {
    entry.versions.SetWhole(ModelState::kUnavailable, reason);
    dependencies_.metrics->ModelState(name, "0", Name(ModelState::kUnavailable));
  }
  return InvalidArgument("Model '" + name + "' could not be loaded: " + reason);
}

Status LoadingRepository::RunUnload(const std::string& name) {
  std::vector<std::shared_ptr<LoadedServable>> retired;  // let go after the lock
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return NotFound("There is no model '" + name + "' to unload.");
  Entry& entry = found->second;
  if (entry.versions.entries().empty()) {
    entry.versions.SetWhole(ModelState::kUnavailable, "it is not loaded");
  }
  for (auto& [number, version] : entry.versions.entries()) {
    Retire(&version, &retired);
    const bool leaving = version.leaving > 0;
    SetState(name, number, &version, leaving ? ModelState::kUnloading : ModelState::kUnavailable,
             leaving ? "" : "unloaded");
  }
  entry.config = nullptr;
  dependencies_.log->Info("model unloaded", {{"model", name}});
  return OkStatus();
}

void LoadingRepository::Retire(VersionEntry* entry,
                               std::vector<std::shared_ptr<LoadedServable>>* retired) {
  if (entry->servable == nullptr) return;
  ++entry->leaving;
  retired->push_back(std::move(entry->servable));
  entry->servable = nullptr;
}

void LoadingRepository::SetState(const std::string& name, int64_t version, VersionEntry* entry,
                                 ModelState state, std::string reason) {
  entry->state = state;
  entry->reason = std::move(reason);
  dependencies_.metrics->ModelState(name, std::to_string(version), Name(state));
}

void LoadingRepository::OnGone(const std::string& name, int64_t version) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;
  const auto at = found->second.versions.entries().find(version);
  if (at == found->second.versions.entries().end()) {
    dependencies_.metrics->ModelState(name, std::to_string(version), "");
    return;
  }
  VersionEntry& entry = at->second;
  if (entry.leaving > 0) --entry.leaving;
  if (entry.leaving > 0 || entry.state != ModelState::kUnloading) return;
  SetState(name, version, &entry, ModelState::kUnavailable, "unloaded");
  dependencies_.metrics->ModelState(name, std::to_string(version), "");
}

}  // namespace flambeau
