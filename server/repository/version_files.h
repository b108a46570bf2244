// What may lie beside a version's model file: flambeau.json and examples.json. A model that is a
// single file has nothing beside it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "repository/file_stamp.h"
#include "repository/version_loader.h"

namespace flambeau {

inline constexpr char kExamplesFile[] = "examples.json";

// The text of that name's file in the version's directory, else in the model's; nothing if there is
// none.
// Errors: INVALID_ARGUMENT, one sentence that names the file: it is empty, larger than `limit`
// bytes, or a link that leaves the directory.
Result<std::optional<std::string>> ReadBeside(const VersionToLoad& version, const std::string& name,
                                              size_t limit);

// Of the version's file and of all that may lie beside it.
FileStamp StampOf(const VersionToLoad& version);

// Where those files may lie, so that a change of one is noticed.
std::vector<std::string> FilesBeside(const VersionToLoad& version);

}  // namespace flambeau
