#include "repository/layout.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "repository/repository.h"

namespace flambeau {
namespace {

namespace fs = std::filesystem;

constexpr char kLeavesDirectory[] =
    "it is a symbolic link that leaves the model directory; put the file itself there";

bool IsModelFile(const fs::path& file) {
  return file.extension() == ".pt" || file.extension() == ".ptl";
}

// 1, 2, ... without leading zeros, so that no two directories are the same version.
std::optional<int64_t> ParseVersion(const std::string& text) {
  int64_t version = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, version);
  if (error != std::errc() || stop != end || version < 1 || text.front() == '0')
    return std::nullopt;
  return version;
}

bool IsInside(const fs::path& root, const fs::path& path) {
  return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
}

// Sorted, so that logs and the index do not depend on the file system.
std::vector<fs::path> Entries(const fs::path& directory, std::error_code* error) {
  std::vector<fs::path> entries;
  fs::directory_iterator iterator(directory, *error);
  for (const fs::directory_iterator end; !*error && iterator != end; iterator.increment(*error)) {
    entries.push_back(iterator->path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

class Scanner {
 public:
  explicit Scanner(fs::path root) : root_(std::move(root)) {}

  Status Scan() {
    std::error_code error;
    for (const fs::path& entry : Entries(root_, &error)) {
      if (entry.filename().string().front() != '.') Visit(entry);
    }
    if (error) return NotFound("the model directory cannot be read: " + error.message() + ".");
    return OkStatus();
  }

  Layout Take() {
    Layout layout;
    for (auto& [name, model] : models_) layout.models.push_back(std::move(model));
    layout.skipped = std::move(skipped_);
    return layout;
  }

 private:
  void Visit(const fs::path& entry) {
    std::error_code error;
    const bool directory = fs::is_directory(entry, error);
    if (!directory && !IsModelFile(entry)) {
      Skip(entry, "only .pt and .ptl files and directories of versions are models");
      return;
    }
    const std::string name = (directory ? entry.filename() : entry.stem()).string();
    if (!IsModelName(name)) {
      Skip(entry, "a model's name is 1 to 128 letters, digits, '.', '_' or '-'; rename it");
      return;
    }
    FoundModel model = directory ? VisitDirectory(name, entry) : VisitFile(name, 1, entry);
    const auto [at, added] = models_.emplace(name, model);
    if (added) return;
    at->second = {name, 0, "",
                  "'" + name + "' is in the model directory twice (as " + name +
                      ".pt or .ptl and " + "as a directory, say); keep one"};
  }

  FoundModel VisitDirectory(const std::string& name, const fs::path& directory) {
    if (!Inside(directory)) return {name, 0, "", kLeavesDirectory};
    std::error_code error;
    std::vector<std::pair<int64_t, fs::path>> versions;
    std::vector<fs::path> files;
    for (const fs::path& entry : Entries(directory, &error)) {
      const std::optional<int64_t> version = ParseVersion(entry.filename().string());
      if (version.has_value() && fs::is_directory(entry, error)) {
        versions.emplace_back(*version, entry);
      } else if (entry.stem() == "model" && IsModelFile(entry)) {
        files.push_back(entry);
      }
    }
    if (error) return {name, 0, "", "the directory '" + name + "' cannot be read"};
    if (!versions.empty() && !files.empty()) {
      return {name, 0, "",
              "'" + name + "' holds both a model file and version directories; keep one"};
    }
    if (versions.empty()) return PickFile(name, 1, files, name);
    const auto& [version, path] = *std::max_element(versions.begin(), versions.end());
    files.clear();
    for (const fs::path& entry : Entries(path, &error)) {
      if (entry.stem() == "model" && IsModelFile(entry)) files.push_back(entry);
    }
    return PickFile(name, version, files, name + "/" + std::to_string(version));
  }

  FoundModel PickFile(const std::string& name, int64_t version, const std::vector<fs::path>& files,
                      const std::string& where) {
    if (files.size() == 1) return VisitFile(name, version, files.front());
    if (files.empty()) return {name, version, "", "'" + where + "' holds no model.pt"};
    return {name, version, "", "'" + where + "' holds both model.pt and model.ptl; keep one"};
  }

  FoundModel VisitFile(const std::string& name, int64_t version, const fs::path& file) {
    if (!Inside(file)) return {name, version, "", kLeavesDirectory};
    std::error_code error;
    if (!fs::is_regular_file(file, error)) return {name, version, "", "it is not a regular file"};
    return {name, version, file.string(), ""};
  }

  // A link may point elsewhere inside (Kubernetes mounts volumes so), never out.
  bool Inside(const fs::path& path) const {
    std::error_code error;
    const fs::path real = fs::canonical(path, error);
    return !error && IsInside(root_, real);
  }

  void Skip(const fs::path& entry, std::string reason) {
    skipped_.push_back({entry.filename().string(), std::move(reason)});
  }

  const fs::path root_;  // canonical
  std::map<std::string, FoundModel> models_;
  std::vector<SkippedEntry> skipped_;
};

Result<Layout> ScanFile(const fs::path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error) || !IsModelFile(file)) {
    return InvalidArgument("'" + file.string() +
                           "' is neither a directory nor a .pt or .ptl file; name one of those.");
  }
  const std::string name = file.stem().string();
  if (!IsModelName(name)) {
    return InvalidArgument("'" + file.filename().string() +
                           "' cannot be a model's name: use letters, digits, '.', '_' or '-'.");
  }
  return Layout{{{name, 1, file.string(), ""}}, {}};
}

}  // namespace

Result<Layout> ScanLayout(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    return NotFound("There is no '" + path + "'; name a directory of models or a .pt file.");
  }
  if (!fs::is_directory(path, error)) return ScanFile(path);
  const fs::path root = fs::canonical(path, error);
  if (error) return NotFound("The model directory '" + path + "' cannot be read.");
  Scanner scanner(root);
  FLAMBEAU_RETURN_IF_ERROR(scanner.Scan());
  return scanner.Take();
}

}  // namespace flambeau
