// What lies in the model directory at one moment, as far as models depend on it: to be compared
// with what lay there before.
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/status.h"
#include "repository/file_stamp.h"

namespace flambeau {

// A model's files by path, hidden ones left out; its directory is among them, without a stamp.
using ModelFiles = std::map<std::string, FileStamp>;

struct ModelTree {
  std::map<std::string, ModelFiles> models;  // by name
  std::set<std::string> directories;         // where something may come or go
};

// Reads `path`, a directory of models or one model file, which may be gone: then there is none.
// Errors: UNAVAILABLE if the directory cannot be read: nothing is known, so nothing has changed.
Result<ModelTree> ReadModelTree(const std::string& path);

// Whether `file` is an archive whose end has not been written yet: it is still being copied.
bool IsIncomplete(const std::string& file);

}  // namespace flambeau
