// The half of LoadingRepository that makes visible what a job came to.
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

std::string StillServing(const std::string& reason) {
  return "What was loaded before serves on, since what is on disk now could not be loaded: " +
         reason;
}

bool IsReady(const std::pair<const int64_t, VersionEntry>& version) {
  return version.second.state == ModelState::kReady;
}

}  // namespace

Status LoadingRepository::Commit(const FoundModel& found, std::vector<Loaded> loaded) {
  Outcome outcome;
  outcome.gone = GoneFromDisk(found.name);
  Retired retired;
  const std::lock_guard routing_lock(routing_mutex_);
  const Result<Routing> routing = RoutingOnDisk(found);
  const std::lock_guard lock(mutex_);
  if (stopping_) return Unavailable("The server is stopping; ask another one.");
  Entry& entry = entries_[found.name];
  for (Loaded& one : loaded) {
    outcome.wanted.insert(one.version.version);
    if (one.servable.ok()) {
      Install(std::move(one), &entry, &retired);
    } else {
      outcome.file_refused = outcome.file_refused || !one.version.file.empty();
      const bool gone = outcome.gone.count(one.version.version) > 0;
      outcome.failure.Update(Fail(one, gone, &entry, &retired));
    }
  }
  if (outcome.failure.ok()) {
    dependencies_.metrics->ModelState(found.name, "0", "");  // of a refusal before
  }
  if (routing.ok()) ApplyRouting(found.name, *routing, /*loaded=*/true, &entry.versions);
  DropUnwanted(found.name, outcome, &entry, &retired);
  return outcome.failure;
}

// Nothing that serves is taken away unless everything new is there, or its file is gone; even then
// not the last one while a file is refused that may be meant to replace it.
void LoadingRepository::DropUnwanted(const std::string& name, const Outcome& outcome, Entry* entry,
                                     Retired* retired) {
  std::map<int64_t, VersionEntry>& versions = entry->versions.entries();
  for (auto at = versions.begin(); at != versions.end();) {
    const int64_t number = at->first;
    const bool ready = IsReady(*at);
    const bool last = ready && std::count_if(versions.begin(), versions.end(), IsReady) == 1;
    const bool labelled = ready && entry->versions.IsLabelled(number);
    const bool spared = outcome.gone.count(number) > 0 ? last && outcome.file_refused
                                                       : labelled || !outcome.failure.ok();
    ++at;
    if (outcome.wanted.count(number) == 0 && !spared) Drop(name, number, entry, retired);
  }
}

std::set<int64_t> LoadingRepository::GoneFromDisk(const std::string& name) const {
  std::map<int64_t, std::string> files;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(name);
    if (found == entries_.end()) return {};
    for (const auto& [number, version] : found->second.versions.entries()) {
      files[number] = version.file;
    }
  }
  std::set<int64_t> gone;
  for (const auto& [number, file] : files) {
    if (StampOf(file) == FileStamp{}) gone.insert(number);
  }
  return gone;
}

Status LoadingRepository::Fail(const Loaded& one, bool gone, Entry* entry, Retired* retired) {
  const std::string& name = one.version.name;
  const int64_t number = one.version.version;
  const std::string reason = Sentence(one.servable.status());
  dependencies_.metrics->ModelLoad(name, std::to_string(number), /*succeeded=*/false);
  if (number == 0) {
    entry->versions.SetWhole(ModelState::kUnavailable, reason);
    dependencies_.metrics->ModelState(name, "0", Name(ModelState::kUnavailable));
    return InvalidArgument("Model '" + name + "' could not be loaded: " + reason);
  }
  VersionEntry& version = entry->versions.entries()[number];
  if (version.state == ModelState::kReady && !gone) {
    version.reason = StillServing(reason);
  } else {
    Retire(&version, retired);
    SetState(name, number, &version, ModelState::kUnavailable, reason);
  }
  return InvalidArgument("Model '" + name + "' could not be loaded, version " +
                         std::to_string(number) + ": " + reason);
}

void LoadingRepository::Install(Loaded one, Entry* entry, Retired* retired) {
  const std::string& name = one.version.name;
  const int64_t number = one.version.version;
  VersionEntry& version = entry->versions.entries()[number];
  if (!one.unchanged) {
    Retire(&version, retired);
    version.servable = *std::move(one.servable);
    version.file = one.version.file;
    version.config = one.version.config;
    version.stamp = one.stamp;
    // What it has learned while it was loaded found nobody who serves.
    if (version.servable->learning().news()) refiner_->Add(name, number);
  }
  dependencies_.metrics->ModelLoad(name, std::to_string(number), /*succeeded=*/true);
  SetState(name, number, &version, ModelState::kReady, "");
}

void LoadingRepository::Drop(const std::string& name, int64_t number, Entry* entry,
                             Retired* retired) {
  const auto at = entry->versions.entries().find(number);
  Retire(&at->second, retired);
  dependencies_.metrics->ModelState(name, std::to_string(number), "");
  entry->versions.entries().erase(at);
}

Status LoadingRepository::Refuse(const std::string& name, const Status& status) {
  const std::string reason = Sentence(status);
  dependencies_.log->Error("model refused", {{"model", name}, {"reason", reason}});
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[name];
  dependencies_.metrics->ModelLoad(name, "0", /*succeeded=*/false);
  if (entry.versions.entries().empty() && !stopping_) {
    entry.versions.SetWhole(ModelState::kUnavailable, reason);
    dependencies_.metrics->ModelState(name, "0", Name(ModelState::kUnavailable));
  }
  for (auto& [number, version] : entry.versions.entries()) {
    if (version.state == ModelState::kReady) version.reason = StillServing(reason);
  }
  return InvalidArgument("Model '" + name + "' could not be loaded: " + reason);
}

Status LoadingRepository::RunUnload(const std::string& name) {
  Retired retired;
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
  dependencies_.log->Info("model unloaded", {{"model", name}});
  return OkStatus();
}

Status LoadingRepository::RunRemove(const std::string& name) {
  Retired retired;
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end() || stopping_) return OkStatus();
  std::map<int64_t, VersionEntry>& versions = found->second.versions.entries();
  while (!versions.empty()) Drop(name, versions.begin()->first, &found->second, &retired);
  dependencies_.metrics->ModelState(name, "0", "");
  entries_.erase(found);
  dependencies_.log->Info("model removed", {{"model", name}});
  return OkStatus();
}

void LoadingRepository::Retire(VersionEntry* entry, Retired* retired) {
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
  if (found == entries_.end()) {
    dependencies_.metrics->ModelState(name, std::to_string(version), "");
    return;
  }
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
