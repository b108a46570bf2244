// Which model files a path holds: the rules of repository.h's layouts, and nothing loaded.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace flambeau {

// A version to load, or one sentence why a name cannot be served.
struct FoundModel {
  std::string name;
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

// Reads `path`: a directory of models, or one model file. Only the highest version of a model is
// found; lower ones stay on disk, unserved.
// Errors: NOT_FOUND if there is no such path, INVALID_ARGUMENT if it is neither a directory nor a
// .pt or .ptl file.
Result<Layout> ScanLayout(const std::string& path);

}  // namespace flambeau
