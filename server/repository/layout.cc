#include "repository/layout.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <string_view>
#include <system_error>
#include <utility>

#include "repository/layout_internal.h"
#include "repository/repository.h"
#include "spec/model_files.h"

namespace flambeau {
namespace {

namespace fs = std::filesystem;

}  // namespace

bool IsModelFile(const fs::path& file) {
  static const std::array<fs::path, 5> extensions = {".pt", ".pth", ".ptl", ".jit", ".torchscript"};
  return std::find(extensions.begin(), extensions.end(), file.extension()) != extensions.end();
}

bool Inside(const fs::path& root, const fs::path& path) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  return !error && IsInside(root, real);
}

std::vector<fs::path> Entries(const fs::path& directory, std::error_code* error) {
  std::vector<fs::path> entries;
  fs::directory_iterator iterator(directory, *error);
  for (const fs::directory_iterator end; !*error && iterator != end; iterator.increment(*error)) {
    entries.push_back(iterator->path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

namespace {

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
      Skip(entry, std::string("a model is a ") + kModelFiles + ", or a directory of versions");
      return;
    }
    const std::string name = (directory ? entry.filename() : entry.stem()).string();
    if (!IsModelName(name)) {
      Skip(entry, "a model's name is 1 to 128 letters, digits, '.', '_' or '-'; rename it");
      return;
    }
    const auto [at, added] = models_.emplace(name, Found(name, entry, directory));
    std::vector<std::string> entries = std::move(at->second.entries);
    entries.push_back(entry.string());
    if (!added) {
      at->second = {name,
                    "",
                    false,
                    "",
                    "'" + name + "' is in the model directory twice (as " + name +
                        ".pt and as a directory, say); keep one",
                    {}};
    }
    at->second.entries = std::move(entries);
  }

  FoundModel Found(const std::string& name, const fs::path& entry, bool directory) const {
    if (!Inside(root_, entry)) return {name, "", directory, "", kLeavesDirectory, {}};
    return {name, entry.string(), directory, root_.string(), "", {}};
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
    return InvalidArgument("'" + file.string() + "' is neither a directory nor a " + kModelFiles +
                           "; name one of those.");
  }
  const std::string name = file.stem().string();
  if (!IsModelName(name)) {
    return InvalidArgument("'" + file.filename().string() +
                           "' cannot be a model's name: use letters, digits, '.', '_' or '-'.");
  }
  const fs::path real = fs::canonical(file, error);
  return Layout{{{name, real.string(), false, real.parent_path().string(), "", {real.string()}}},
                {}};
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
