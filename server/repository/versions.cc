#include "repository/versions.h"

#include <sys/stat.h>

#include <utility>

namespace flambeau {

FileStamp StampOf(const std::string& file) {
  struct stat status {};
  if (stat(file.c_str(), &status) != 0) return {};
  constexpr int64_t kNanoseconds = 1000 * 1000 * 1000;
  return {static_cast<uint64_t>(status.st_size),
          status.st_mtim.tv_sec * kNanoseconds + status.st_mtim.tv_nsec, status.st_ino};
}

void Versions::SetWhole(ModelState state, std::string reason) {
  state_ = state;
  reason_ = std::move(reason);
}

Result<ServablePtr> Versions::Pin(const std::string& name, std::optional<int64_t> wanted) const {
  if (entries_.empty()) return NotReady(name, state_, reason_);
  if (wanted) {
    const auto found = entries_.find(*wanted);
    if (found == entries_.end()) return Missing(name, *wanted);
    const VersionEntry& entry = found->second;
    if (entry.state == ModelState::kReady) return ServablePtr(entry.servable);
    return NotReady(name, entry.state, entry.reason);
  }
  for (auto at = entries_.rbegin(); at != entries_.rend(); ++at) {
    if (at->second.state == ModelState::kReady) return ServablePtr(at->second.servable);
  }
  for (const ModelState state : {ModelState::kLoading, ModelState::kUnloading}) {
    for (const auto& [version, entry] : entries_) {
      if (entry.state == state) return NotReady(name, state, "");
    }
  }
  return NotReady(name, ModelState::kUnavailable, entries_.rbegin()->second.reason);
}

Status Versions::Missing(const std::string& name, int64_t wanted) const {
  const std::string start =
      "Model '" + name + "' has no version " + std::to_string(wanted) + " here; ";
  if (entries_.size() == 1) {
    return NotFound(start + "version " + std::to_string(entries_.begin()->first) +
                    " is the one that serves.");
  }
  std::string list;
  for (const auto& [version, entry] : entries_) {
    list += (list.empty() ? "" : ", ") + std::to_string(version);
  }
  return NotFound(start + "its versions are " + list + ".");
}

Status Versions::NotReady(const std::string& name, ModelState state, const std::string& reason) {
  if (state == ModelState::kLoading) {
    return Unavailable("Model '" + name + "' is still loading; try again in a moment.");
  }
  if (state == ModelState::kUnloading) {
    return Unavailable("Model '" + name + "' is being unloaded.");
  }
  return Unavailable("Model '" + name + "' is not available: " + reason);
}

void Versions::AddReady(std::vector<ServablePtr>* ready) const {
  for (auto at = entries_.rbegin(); at != entries_.rend(); ++at) {
    if (at->second.state == ModelState::kReady) ready->push_back(at->second.servable);
  }
}

void Versions::AddToIndex(const std::string& name, std::vector<IndexEntry>* index) const {
  if (entries_.empty()) index->push_back({name, 0, state_, reason_});
  for (const auto& [version, entry] : entries_) {
    index->push_back({name, version, entry.state, entry.reason});
  }
}

}  // namespace flambeau
