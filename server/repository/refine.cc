// The refiner's half of LoadingRepository: a version that serves gets a better one in its place.
#include <utility>

#include "repository/loading_repository.h"
#include "repository/version_files.h"

namespace flambeau {

bool LoadingRepository::ToRefine::unchanged() const { return StampOf(version) == stamp; }

// A file that is another one by now is checked when it is loaded.
void LoadingRepository::Refine(const std::string& name, int64_t number) {
  const std::optional<ToRefine> before = FindToRefine(name, number);
  if (!before || !before->unchanged()) return;
  const auto& [version, stamp, serving] = *before;
  if (!serving->has_seen()) return loader_.Remember(version, stamp, serving->inspection());
  Result<Inspection> inspection = loader_.InspectAgain(version, *serving);
  if (!inspection.ok()) {
    dependencies_.log->Warning(
        "model not refined",
        {{"model", name}, {"version", number}, {"reason", Message(inspection.status())}});
    return;
  }
  if (serving->RunsAs(*inspection)) {
    inspection->verdicts = serving->inspection().verdicts;
    return loader_.Remember(version, stamp, *inspection);
  }
  const std::string advice = ToString(inspection->optimizations);
  auto servable = loader_.LoadAgain(version, *serving, *std::move(inspection));
  if (!servable.ok()) return;  // the loader has said so
  if (!before->unchanged() || !Replace(*before, reaper_.Adopt(*std::move(servable)))) return;
  dependencies_.log->Info("model refined",
                          {{"model", name}, {"version", number}, {"optimizations", advice}});
}

// Nothing if the version does not serve, or has nothing to tell: one that is still being loaded is
// looked at again once it serves.
std::optional<LoadingRepository::ToRefine> LoadingRepository::FindToRefine(const std::string& name,
                                                                           int64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end() || stopping_) return std::nullopt;
  const auto at = found->second.versions.entries().find(number);
  if (at == found->second.versions.entries().end()) return std::nullopt;
  const VersionEntry& version = at->second;
  if (version.servable == nullptr || !version.servable->has_learned()) return std::nullopt;
  const FoundModel& model = found->second.found;
  ToRefine before;
  before.version = {name, number, version.file, model.directory ? model.path : "",
                    found->second.config};
  before.stamp = version.stamp;
  before.serving = version.servable;
  return before;
}

// False if it serves no more.
bool LoadingRepository::Replace(const ToRefine& before, std::shared_ptr<LoadedServable> servable) {
  Retired retired;
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(before.version.name);
  if (found == entries_.end() || stopping_) return false;
  auto& versions = found->second.versions.entries();
  const auto at = versions.find(before.version.version);
  if (at == versions.end() || at->second.servable != before.serving) return false;
  Retire(&at->second, &retired);
  at->second.servable = std::move(servable);
  if (at->second.servable->has_learned()) {
    refiner_->Add(before.version.name, before.version.version);
  }
  return true;
}

}  // namespace flambeau
