// The versions of one model: their states, and which of them a request gets.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "repository/loaded_servable.h"
#include "repository/repository.h"

namespace flambeau {

// Tells whether a file is still the one that was loaded.
struct FileStamp {
  uint64_t size = 0;
  int64_t modified = 0;
  uint64_t inode = 0;

  bool operator==(const FileStamp&) const = default;
};
FileStamp StampOf(const std::string& file);  // all zero if it cannot be asked

struct VersionEntry {
  ModelState state = ModelState::kLoading;
  std::string reason;                        // if unavailable
  std::shared_ptr<LoadedServable> servable;  // while it serves
  std::string file;
  FileStamp stamp;
  int leaving = 0;  // of its servables, still pinned by requests
};

// Threads: the repository's lock is held. Lifetime: a value. Errors: Pin.
class Versions {
 public:
  // Where no version can be told: loading, or why there is none.
  void SetWhole(ModelState state, std::string reason);

  // `wanted` empty: the highest that is ready. Errors: NOT_FOUND, UNAVAILABLE.
  Result<ServablePtr> Pin(const std::string& name, std::optional<int64_t> wanted) const;
  // The highest first.
  void AddReady(std::vector<ServablePtr>* ready) const;
  void AddToIndex(const std::string& name, std::vector<IndexEntry>* index) const;

  std::map<int64_t, VersionEntry>& entries() { return entries_; }
  const std::map<int64_t, VersionEntry>& entries() const { return entries_; }
  // No version can be told yet.
  bool Loading() const { return entries_.empty() && state_ == ModelState::kLoading; }

 private:
  Status Missing(const std::string& name, int64_t wanted) const;
  static Status NotReady(const std::string& name, ModelState state, const std::string& reason);

  std::map<int64_t, VersionEntry> entries_;
  ModelState state_ = ModelState::kLoading;  // while there are no entries
  std::string reason_;
};

}  // namespace flambeau
