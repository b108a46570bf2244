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

void SortByNumber(std::vector<FoundVersion>* versions) {
  std::sort(versions->begin(), versions->end(),
            [](const auto& a, const auto& b) { return a.version < b.version; });
}

class VersionFinder {
 public:
  VersionFinder(const FoundModel& model, const ModelConfig& config, const Routing& routing)
      : model_(model), config_(config), routing_(routing) {}

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
    if (versions.empty()) {
      versions = {PickFile(1, files, model_.name)};
      AddLabelled({}, &versions);
      return versions;
    }
    const std::vector<FoundVersion> all = versions;
    ApplyPolicy(&versions);
    AddLabelled(all, &versions);
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
    SortByNumber(versions);
    const ConfigVersionPolicy& policy = config_.version_policy;
    if (policy.kind == ConfigVersionPolicy::Kind::kLatest && versions->size() > policy.latest) {
      versions->erase(versions->begin(), versions->end() - policy.latest);
    }
    if (policy.kind != ConfigVersionPolicy::Kind::kSpecific) return;
    const std::vector<FoundVersion> all = std::exchange(*versions, {});
    for (const int64_t wanted : policy.specific) Add(all, wanted, "version_policy names", versions);
    SortByNumber(versions);
  }

  void AddLabelled(const std::vector<FoundVersion>& all,
                   std::vector<FoundVersion>* versions) const {
    for (const auto& [label, wanted] : routing_.labels) {
      Add(all, wanted, std::string(kRoutingJson) + ": label '" + label + "' names", versions);
    }
    SortByNumber(versions);
  }

  // The version out of `all`, unless it is there already; or why there is none, which begins `who`.
  void Add(const std::vector<FoundVersion>& all, int64_t wanted, const std::string& who,
           std::vector<FoundVersion>* versions) const {
    const auto is_wanted = [wanted](const FoundVersion& v) { return v.version == wanted; };
    if (std::any_of(versions->begin(), versions->end(), is_wanted)) return;
    const auto found = std::find_if(all.begin(), all.end(), is_wanted);
    if (found != all.end()) {
      versions->push_back(*found);
      return;
    }
    const std::string number = std::to_string(wanted);
    versions->push_back({wanted, "",
                         who + " version " + number + ", but there is no directory '" +
                             model_.name + "/" + number + "'"});
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
    return {version, "",
            "'" + where + "' holds both " + files[0].filename().string() + " and " +
                files[1].filename().string() + "; keep one"};
  }

  FoundVersion CheckFile(int64_t version, const fs::path& file) const {
    if (!Inside(model_.root, file)) return {version, "", kLeavesDirectory};
    std::error_code error;
    if (!fs::is_regular_file(file, error)) return {version, "", "it is not a regular file"};
    return {version, file.string(), ""};
  }

  const FoundModel& model_;
  const ModelConfig& config_;
  const Routing& routing_;
};

}  // namespace

std::vector<FoundVersion> FindVersions(const FoundModel& model, const ModelConfig& config,
                                       const Routing& routing) {
  if (!model.problem.empty()) return {{0, "", model.problem}};
  return VersionFinder(model, config, routing).Find();
}

}  // namespace flambeau
