// Which models a path holds, and which files their versions are: the rules of repository.h's
// layouts, and nothing loaded.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "spec/model_config.h"
#include "spec/routing.h"

namespace flambeau {

// A model, or one sentence why its name cannot be served.
struct FoundModel {
  std::string name;
  std::string path;  // its directory or file; empty if `problem` is not
  bool directory = false;
  std::string root;                  // canonical; no link may leave it
  std::string problem;               // without host paths
  std::vector<std::string> entries;  // everything that bears its name, by path
};

// A version to load, or one sentence why it cannot be.
struct FoundVersion {
  int64_t version = 0;  // 0 if none could be told
  std::string file;     // empty if `problem` is not
  std::string problem;  // without host paths
};

// A directory entry that was passed over, for the log.
struct SkippedEntry {
  std::string entry;
  std::string reason;
};

struct Layout {
  std::vector<FoundModel> models;  // by name
  std::vector<SkippedEntry> skipped;
};

// Reads `path`: a directory of models, or one model file.
// Errors: NOT_FOUND if there is no such path, INVALID_ARGUMENT if it is neither a directory nor a
// model file.
Result<Layout> ScanLayout(const std::string& path);

// The versions that serve by the configuration's version_policy, and those that have a label, by
// number; at least one entry.
std::vector<FoundVersion> FindVersions(const FoundModel& model, const ModelConfig& config,
                                       const Routing& routing = {});

}  // namespace flambeau
