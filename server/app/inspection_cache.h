// Keeps what trying models out has told, so that a model is tried out once and not at every start.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "repository/inspector.h"

namespace flambeau {

// One file for each inspection, named by a SHA-256 of the model file and of everything else that it
// depends on. An entry that cannot be read is one that is not there.
//
// Threads: any. Several processes may share a directory. Lifetime: plain. Errors: as each says.
class InspectionCache {
 public:
  struct Options {
    std::string directory;      // made if it is not there
    std::string identity;       // of the programs that inspect: another one keeps other entries
    size_t max_entries = 1000;  // beyond these, those not used for longest go
  };

  // Errors: FAILED_PRECONDITION if the directory cannot be made or written, or somebody else could
  // write into it.
  static Result<std::unique_ptr<InspectionCache>> Create(const Options& options);

  // `beside`: what is said of the model outside its file, as far as an inspection depends on it.
  // Errors: NOT_FOUND if the model file cannot be read.
  Result<std::string> KeyOf(const InspectionRequest& request, const std::string& beside) const;
  std::optional<Inspection> Find(const std::string& key) const;
  // Errors: none: what cannot be kept is found out again.
  void Store(const std::string& key, const Inspection& inspection) const;

 private:
  explicit InspectionCache(const Options& options) : options_(options) {}
  std::string PathOf(const std::string& key) const;
  void Prune() const;

  const Options options_;
};

}  // namespace flambeau
