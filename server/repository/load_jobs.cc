// The loader threads' half of LoadingRepository.
#include <algorithm>
#include <utility>

#include "repository/loading_repository.h"
#include "repository/version_files.h"

namespace flambeau {
namespace {

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
    if (job->cause == Cause::kStart) --unsettled_;
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
  if (job.unload) return RunUnload(job.name);
  const auto found = FindModel(job);
  if (found.ok()) return RunLoad(*found, job);
  return job.cause == Cause::kWatch ? RunRemove(job.name) : found.status();
}

Status LoadingRepository::RunLoad(const FoundModel& found, const Job& job) {
  if (!found.problem.empty()) return Refuse(job.name, InvalidArgument(found.problem));
  auto config = ReadModelConfig(found, job);
  if (!config.ok()) return Refuse(job.name, config.status());
  const auto routing = RoutingOnDisk(found);
  if (!routing.ok()) return Refuse(job.name, routing.status());
  std::vector<Loaded> loaded = Announce(found, *config, *routing);
  for (Loaded& one : loaded) {
    if (one.unchanged || !one.servable.ok()) continue;
    auto servable = loader_.Load(one.version);
    if (servable.ok()) {
      one.servable = reaper_.Adopt(*std::move(servable));
    } else {
      one.servable = servable.status();
    }
  }
  return Commit(found, std::move(loaded));
}

// At start as it was found then, later as it is on disk now.
Result<FoundModel> LoadingRepository::FindModel(const Job& job) const {
  if (job.cause == Cause::kStart) {
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
    const FoundModel& found, const std::shared_ptr<const ModelConfig>& config,
    const Routing& routing) {
  const ModelConfig nothing;
  std::vector<Loaded> loaded;
  for (FoundVersion& version :
       FindVersions(found, config == nullptr ? nothing : *config, routing)) {
    Loaded one;
    one.version = {found.name, version.version, version.file, found.directory ? found.path : "",
                   config};
    one.stamp = StampOf(one.version);
    if (!version.problem.empty()) one.servable = InvalidArgument(version.problem);
    loaded.push_back(std::move(one));
  }
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[found.name];
  entry.found = found;
  for (Loaded& one : loaded) {
    if (one.version.version == 0) continue;
    VersionEntry& version = entry.versions.entries()[one.version.version];
    one.unchanged = version.state == ModelState::kReady && Equal(version.config, config) &&
                    version.file == one.version.file && version.stamp == one.stamp;
    if (version.state == ModelState::kReady || stopping_) continue;
    version.file = one.version.file;
    SetState(found.name, one.version.version, &version, ModelState::kLoading, "");
  }
  return loaded;
}

}  // namespace flambeau
