// The versions of one model: their states, and which of them a request gets.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "repository/file_stamp.h"
#include "repository/loaded_servable.h"
#include "repository/repository.h"
#include "spec/routing.h"

namespace flambeau {

struct VersionEntry {
  ModelState state = ModelState::kLoading;
  std::string reason;  // if unavailable; if ready, why what is on disk now does not serve instead
  std::shared_ptr<LoadedServable> servable;  // while it serves
  std::string file;
  std::shared_ptr<const ModelConfig> config;  // null if it was loaded without
  FileStamp stamp;
  int leaving = 0;  // of its servables, still pinned by requests
};

// What a request says of the version that it wants.
struct WantedVersion {
  std::optional<int64_t> number;
  std::string label;    // neither: the version that serves
  bool shared = false;  // that is chosen by the routing's shares
};

// Threads: the repository's lock is held. Lifetime: a value. Errors: Pin.
class Versions {
 public:
  // Where no version can be told: loading, or why there is none.
  void SetWhole(ModelState state, std::string reason);

  // Without a version, where no share takes the request: the one labelled stable, else the highest
  // that no share names, else the highest; of those that are ready.
  // Errors: NOT_FOUND, UNAVAILABLE; INVALID_ARGUMENT for a label where there are none.
  Result<ServablePtr> Pin(const std::string& name, const WantedVersion& wanted) const;

  // Takes effect at once if every version that it names is ready; else the one before stays in
  // force. Where there was none, it takes effect while nothing serves, and once all that it names
  // is `loaded` or has failed to load. Returns whether it has.
  bool SetRouting(const Routing& routing, bool loaded);
  const Routing& routing() const { return routing_; }
  // A version that a label names, or left last: a label can go back to it in no time.
  bool IsLabelled(int64_t version) const;

  // The highest first.
  void AddReady(std::vector<ServablePtr>* ready) const;
  void AddToIndex(const std::string& name, std::vector<IndexEntry>* index) const;

  std::map<int64_t, VersionEntry>& entries() { return entries_; }
  const std::map<int64_t, VersionEntry>& entries() const { return entries_; }
  // No version can be told yet.
  bool Loading() const { return entries_.empty() && state_ == ModelState::kLoading; }

 private:
  const VersionEntry* FindReady(int64_t version) const;
  Result<ServablePtr> PinNumber(const std::string& name, int64_t wanted) const;
  Result<ServablePtr> PinLabel(const std::string& name, const std::string& label) const;
  // The version that a share gives the next request; nothing for the rest.
  std::optional<int64_t> NextShare() const;
  const VersionEntry* ChooseReady(bool shared) const;
  Status Missing(const std::string& name, int64_t wanted) const;
  static Status NotReady(const std::string& name, ModelState state, const std::string& reason);

  std::map<int64_t, VersionEntry> entries_;
  ModelState state_ = ModelState::kLoading;  // while there are no entries
  std::string reason_;
  Routing routing_;
  std::set<int64_t> left_;         // by the labels of the routing before
  mutable uint64_t requests_ = 0;  // that shares were asked for
};

}  // namespace flambeau
