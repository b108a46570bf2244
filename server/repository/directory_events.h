// Tells at once that something came, went or was written in a directory: the kernel's inotify. Not
// every file system has such events, so nobody may rely on them alone.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/status.h"

namespace flambeau {

// Threads: Watch: one at a time. Lifetime: calls nothing back once it is destroyed. Errors: Watch.
class DirectoryEvents {
 public:
  // `moved`: a path that came by a rename, so whole; it begins as the directory was named. Called
  // on any thread; must not block.
  using OnEvent = std::function<void(std::optional<std::string> moved)>;

  // Never null; where the kernel refuses, every Watch fails.
  static std::unique_ptr<DirectoryEvents> Create(OnEvent on_event);
  virtual ~DirectoryEvents() = default;

  // Watches these directories from now on, and no others. What is not there is passed over.
  // Errors: UNAVAILABLE if the kernel watches no more for us.
  virtual Status Watch(const std::set<std::string>& directories) = 0;
};

}  // namespace flambeau
