// Files that a model's configuration names: read only from inside the model's own directory.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "base/status.h"

namespace flambeau {

// Whether `name` may be a path below a directory: relative, without "..", "." or empty parts.
bool IsPlainRelativePath(const std::string& name);

// Whether `path` is `root` or lies below it; both canonical.
bool IsInside(const std::filesystem::path& root, const std::filesystem::path& path);

// The content of `directory`/`name`, a regular file of at most `limit` bytes that no symbolic link
// leads out of `directory`.
// Errors: NOT_FOUND, INVALID_ARGUMENT; one sentence that names `name` and not `directory`.
Result<std::string> ReadInside(const std::string& directory, const std::string& name, size_t limit);

// Lines without their ends; an empty last one is left out.
std::vector<std::string> SplitLines(const std::string& text);

}  // namespace flambeau
