// Which models have changed on disk and come to rest: half-copied files are waited for.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "repository/model_tree.h"

namespace flambeau {

// Threads: one at a time. Lifetime: a value. Errors: none.
class ModelChanges {
 public:
  struct Options {
    // Files rest once two looks so far apart found them equal.
    Duration rest = std::chrono::milliseconds(500);
    // An archive without an end is waited for so long after it last grew.
    Duration patience = std::chrono::seconds(30);
  };
  using Incomplete = std::function<bool(const std::string& file)>;

  // `known`: what has been acted upon already.
  ModelChanges(const Options& options, ModelTree known, Incomplete incomplete);

  // The models that differ from what was acted upon last, and rest now; they count as acted upon.
  // `moved`: paths that came whole since the last look, by a rename: those need no rest.
  std::vector<std::string> Look(const ModelTree& now, const std::set<std::string>& moved,
                                TimePoint time);

  // Whether something has changed that does not rest yet.
  bool waiting() const { return !waiting_.empty(); }

 private:
  struct Waiting {
    ModelFiles files;
    TimePoint since;   // it last changed
    ModelFiles whole;  // those of `files` that came by a rename
  };

  bool Rests(const ModelFiles& known, const Waiting& waiting, TimePoint time) const;

  const Options options_;
  const Incomplete incomplete_;
  std::map<std::string, ModelFiles> known_;
  std::map<std::string, Waiting> waiting_;
};

}  // namespace flambeau
