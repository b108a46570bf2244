#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "repository/layout.h"
#include "repository/layout_internal.h"

namespace flambeau {
namespace {

namespace fs = std::filesystem;

// 1, 2, ... without leading zeros, so that no two directories are the same version.
std::optional<int64_t> ParseVersion(const std::string& text) {
  int64_t version = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, version);
  if (error != std::errc() || stop != end || version < 1 || text.front() == '0')
    return std::nullopt;
  return version;
}

class VersionFinder {
 public:
  VersionFinder(const FoundModel& model, const ModelConfig& config)
      : model_(model), config_(config) {}

  std::vector<FoundVersion> Find() const {
    if (!model_.directory) return {CheckFile(1, model_.path)};
    std::error_code error;
    std::vector<FoundVersion> versions;  // `file` is the version's directory so far
    std::vector<fs::path> files;
    for (const fs::path& entry : Entries(model_.path, &error)) {
      const std::optional<int64_t> version = ParseVersion(entry.filename().string());
      if (version.has_value() && fs::is_directory(entry, error)) {
        versions.push_back({*version, entry.string(), ""});
      } else if (IsTheModel(entry)) {
        files.push_back(entry);
      }
    }
    if (error) return {{0, "", "the directory '" + model_.name + "' cannot be read"}};
    if (!versions.empty() && !files.empty()) {
      return {{0, "",
               "'" + model_.name + "' holds both a model file and version directories; keep one"}};
    }
    if (versions.empty()) return {PickFile(1, files, model_.name)};
    ApplyPolicy(&versions);
    for (FoundVersion& version : versions) {
      if (version.problem.empty()) version = FindFile(version.version, version.file);
    }
    return versions;
  }

 private:
  bool IsTheModel(const fs::path& entry) const {
    const std::string& name = config_.default_model_filename;
    if (!name.empty()) return entry.filename() == name;
    return entry.stem() == "model" && IsModelFile(entry);
  }

  void ApplyPolicy(std::vector<FoundVersion>* versions) const {
    const auto by_number = [](const FoundVersion& a, const FoundVersion& b) {
      return a.version < b.version;
    };
    std::sort(versions->begin(), versions->end(), by_number);
    const ConfigVersionPolicy& policy = config_.version_policy;
    if (policy.kind == ConfigVersionPolicy::Kind::kLatest && versions->size() > policy.latest) {
      versions->erase(versions->begin(), versions->end() - policy.latest);
    }
    if (policy.kind != ConfigVersionPolicy::Kind::kSpecific) return;
    std::vector<FoundVersion> chosen;
    for (const int64_t wanted : policy.specific) {
      const auto found = std::find_if(versions->begin(), versions->end(),
                                      [&](const auto& v) { return v.version == wanted; });
      const std::string where = model_.name + "/" + std::to_string(wanted);
      chosen.push_back(found != versions->end()
                           ? *found
                           : FoundVersion{wanted, "",
                                          "version_policy names version " + std::to_string(wanted) +
                                              ", but there is no directory '" + where + "'"});
    }
    std::sort(chosen.begin(), chosen.end(), by_number);
    const auto same = [](const auto& a, const auto& b) { return a.version == b.version; };
    chosen.erase(std::unique(chosen.begin(), chosen.end(), same), chosen.end());
    *versions = std::move(chosen);
  }

  FoundVersion FindFile(int64_t version, const fs::path& directory) const {
    std::error_code error;
    std::vector<fs::path> files;
    for (const fs::path& entry : Entries(directory, &error)) {
      if (IsTheModel(entry)) files.push_back(entry);
    }
    return PickFile(version, files, model_.name + "/" + std::to_string(version));
  }

  FoundVersion PickFile(int64_t version, const std::vector<fs::path>& files,
                        const std::string& where) const {
    if (files.size() == 1) return CheckFile(version, files.front());
    const std::string& name = config_.default_model_filename;
    if (files.empty()) {
      return {version, "", "'" + where + "' holds no " + (name.empty() ? "model.pt" : name)};
    }
    return {version, "", "'" + where + "' holds both model.pt and model.ptl; keep one"};
  }

  FoundVersion CheckFile(int64_t version, const fs::path& file) const {
    if (!Inside(model_.root, file)) return {version, "", kLeavesDirectory};
    std::error_code error;
    if (!fs::is_regular_file(file, error)) return {version, "", "it is not a regular file"};
    return {version, file.string(), ""};
  }

  const FoundModel& model_;
  const ModelConfig& config_;
};

}  // namespace

std::vector<FoundVersion> FindVersions(const FoundModel& model, const ModelConfig& config) {
  if (!model.problem.empty()) return {{0, "", model.problem}};
  return VersionFinder(model, config).Find();
}

}  // namespace flambeau
