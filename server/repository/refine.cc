// The refiner's half of LoadingRepository: a version that serves gets a better one in its place.
#include <utility>

#include "repository/loading_repository.h"
#include "repository/version_files.h"

namespace flambeau {

bool LoadingRepository::ToRefine::unchanged() const { return StampOf(version) == stamp; }

// A file that is another one by now is checked when it is loaded.
void LoadingRepository::Refine(const std::string& name, int64_t number) {
  std::optional<ToRefine> found = FindToRefine(name, number);
  if (!found || !found->unchanged() || !found->serving->learning().TakeNews()) return;
  // A measurement of how it runs best is content with one method.
  SeenShapes to_try = found->serving->learning().TakeToTry(!options_.tuning.empty());
  if (!Any(to_try)) return Remember(*found);
  to_try = Merge(std::move(to_try), found->serving->inspection().seen);
  // Not pinned meanwhile: who unloads it wants its memory back.
  const std::weak_ptr<LoadedServable> checked = std::exchange(found->serving, nullptr);
  Result<Inspection> inspection = loader_.InspectAgain(found->version, std::move(to_try));
  found = FindToRefine(name, number);
  if (!found || found->serving != checked.lock() || !found->unchanged()) return;
  if (inspection.ok()) return Adopt(*found, *std::move(inspection));
  dependencies_.log->Warning(
      "model not refined",
      {{"model", name}, {"version", number}, {"reason", Message(inspection.status())}});
  Remember(*found);  // its own proof
}

void LoadingRepository::Adopt(const ToRefine& before, Inspection inspection) {
  if (before.serving->RunsAs(inspection)) {
    before.serving->SetInspection(std::move(inspection));
    return Remember(before);
  }
  const std::string advice = ToString(inspection.optimizations);
  SeenShapes tried = inspection.seen;
  auto loaded = loader_.LoadAgain(before.version, *before.serving, std::move(inspection));
  if (!loaded.ok()) return KeepAsBefore(before, loaded.status(), std::move(tried));
  ToRefine after = before;
  after.serving = reaper_.Adopt(*std::move(loaded));
  if (!before.unchanged() || !Replace(before, after)) return;
  dependencies_.log->Info("model refined", {{"model", before.version.name},
                                            {"version", before.version.version},
                                            {"optimizations", advice}});
  Remember(after);
}

// The loader has said why. What is wrong with the advice is so at the next start, too, which shall
// not try it; what was short of memory or of time may be tried again.
void LoadingRepository::KeepAsBefore(const ToRefine& before, const Status& why, SeenShapes tried) {
  if (why.code() == StatusCode::kInvalidArgument) {
    Inspection as_before = before.serving->inspection();
    as_before.seen = std::move(tried);
    before.serving->SetInspection(std::move(as_before));
  }
  Remember(before);
}

void LoadingRepository::Remember(const ToRefine& known) const {
  loader_.Remember(known.version, known.stamp, known.serving->inspection());
}

// Nothing if the version does not serve.
std::optional<LoadingRepository::ToRefine> LoadingRepository::FindToRefine(const std::string& name,
                                                                           int64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end() || stopping_) return std::nullopt;
  const auto at = found->second.versions.entries().find(number);
  if (at == found->second.versions.entries().end()) return std::nullopt;
  const VersionEntry& version = at->second;
  if (version.servable == nullptr) return std::nullopt;
  const FoundModel& model = found->second.found;
  ToRefine refine;
  refine.version = {name, number, version.file, model.directory ? model.path : "", version.config};
  refine.stamp = version.stamp;
  refine.serving = version.servable;
  return refine;
}

// False if it serves no more.
bool LoadingRepository::Replace(const ToRefine& before, const ToRefine& after) {
  Retired retired;
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(before.version.name);
  if (found == entries_.end() || stopping_) return false;
  auto& versions = found->second.versions.entries();
  const auto at = versions.find(before.version.version);
  if (at == versions.end() || at->second.servable != before.serving) return false;
  Retire(&at->second, &retired);
  at->second.servable = after.serving;
  if (after.serving->learning().news()) {
    refiner_->Add(after.version.name, after.version.version);
  }
  return true;
}

}  // namespace flambeau
