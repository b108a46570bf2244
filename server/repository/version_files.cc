#include "repository/version_files.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "spec/manifest.h"
#include "spec/model_files.h"

namespace flambeau {
namespace {

namespace fs = std::filesystem;

// The version's own first.
std::vector<std::string> Directories(const VersionToLoad& version) {
  if (version.directory.empty()) return {};
  const std::string own = fs::path(version.file).parent_path().string();
  if (own == version.directory) return {own};
  return {own, version.directory};
}

}  // namespace

Result<std::optional<std::string>> ReadBeside(const VersionToLoad& version, const std::string& name,
                                              size_t limit) {
  for (const std::string& directory : Directories(version)) {
    std::error_code error;
    if (fs::symlink_status(fs::path(directory) / name, error).type() == fs::file_type::not_found) {
      continue;
    }
    FLAMBEAU_ASSIGN_OR_RETURN(std::string text, ReadInside(directory, name, limit));
    if (text.empty()) return InvalidArgument("'" + name + "' is empty; remove it or fill it.");
    return std::optional<std::string>(std::move(text));
  }
  return std::optional<std::string>();
}

std::vector<std::string> FilesBeside(const VersionToLoad& version) {
  std::vector<std::string> files;
  for (const std::string& directory : Directories(version)) {
    for (const char* name : {kManifestFile, kExamplesFile}) {
      files.push_back((fs::path(directory) / name).string());
    }
  }
  return files;
}

FileStamp StampOf(const VersionToLoad& version) {
  FileStamp stamp = StampOf(version.file);
  for (const std::string& file : FilesBeside(version)) stamp.beside.push_back(StampOf(file));
  return stamp;
}

}  // namespace flambeau
