#include "repository/model_changes.h"

#include <algorithm>
#include <utility>

namespace flambeau {
namespace {

const ModelFiles& FilesOf(const std::map<std::string, ModelFiles>& models,
                          const std::string& name) {
  static const ModelFiles none;
  const auto found = models.find(name);
  return found == models.end() ? none : found->second;
}

bool Holds(const ModelFiles& files, const ModelFiles::value_type& file) {
  const auto found = files.find(file.first);
  return found != files.end() && found->second == file.second;
}

// Whether `path` is one of `moved` or lies below one.
bool CameByRename(const std::string& path, const std::set<std::string>& moved) {
  return std::any_of(moved.begin(), moved.end(), [&](const std::string& above) {
    return path.rfind(above, 0) == 0 && (path.size() == above.size() || path[above.size()] == '/');
  });
}

}  // namespace

ModelChanges::ModelChanges(const Options& options, ModelTree known, Incomplete incomplete)
    : options_(options), incomplete_(std::move(incomplete)), known_(std::move(known.models)) {}

std::vector<std::string> ModelChanges::Look(const ModelTree& now,
                                            const std::set<std::string>& moved, TimePoint time) {
  std::set<std::string> names;
  for (const auto& [name, files] : now.models) names.insert(name);
  for (const auto& [name, files] : known_) names.insert(name);
  std::vector<std::string> changed;
  for (const std::string& name : names) {
    const ModelFiles& files = FilesOf(now.models, name);
    if (files == FilesOf(known_, name)) {
      waiting_.erase(name);
      continue;
    }
    const auto [at, added] = waiting_.try_emplace(name, Waiting{files, time, {}});
    Waiting& waiting = at->second;
    if (waiting.files != files) waiting = {files, time, std::move(waiting.whole)};
    for (const auto& file : files) {
      if (CameByRename(file.first, moved)) waiting.whole.insert_or_assign(file.first, file.second);
    }
    if (!Rests(FilesOf(known_, name), waiting, time)) continue;
    if (files.empty()) {
      known_.erase(name);
    } else {
      known_[name] = files;
    }
    waiting_.erase(at);
    changed.push_back(name);
  }
  return changed;
}

bool ModelChanges::Rests(const ModelFiles& known, const Waiting& waiting, TimePoint time) const {
  const Duration age = time - waiting.since;
  // What is gone may be about to be replaced.
  bool whole = std::all_of(known.begin(), known.end(),
                           [&](const auto& file) { return waiting.files.count(file.first) > 0; });
  bool complete = true;
  for (const auto& file : waiting.files) {
    if (Holds(known, file) || Holds(waiting.whole, file)) continue;
    whole = false;
    complete = complete && (age >= options_.patience || !incomplete_(file.first));
  }
  return whole || (age >= options_.rest && complete);
}

}  // namespace flambeau
