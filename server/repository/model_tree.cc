#include "repository/model_tree.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <vector>

#include "repository/layout.h"
#include "repository/layout_internal.h"

namespace flambeau {
namespace {

namespace fs = std::filesystem;

// DIR/name/<version>/file is as deep as a model goes; links may form a loop.
constexpr int kDeepest = 3;
constexpr size_t kMostFiles = 10000;

bool IsHidden(const fs::path& entry) { return entry.filename().string().front() == '.'; }

class ModelReader {
 public:
  explicit ModelReader(ModelTree* tree) : tree_(tree) {}

  void Read(const FoundModel& model, const fs::path& entry) {
    files_ = &tree_->models[model.name];
    ReadEntry(entry, 1);
  }

 private:
  void ReadEntry(const fs::path& entry, int depth) {
    std::error_code error;
    if (!fs::is_directory(entry, error)) {
      if (files_->size() < kMostFiles) (*files_)[entry.string()] = StampOf(entry.string());
      return;
    }
    tree_->directories.insert(entry.string());
    if (depth == 1) (*files_)[entry.string()] = {};
    if (depth > kDeepest) return;
    for (const fs::path& inner : Entries(entry, &error)) {
      if (!IsHidden(inner)) ReadEntry(inner, depth + 1);
    }
  }

  ModelTree* const tree_;
  ModelFiles* files_ = nullptr;
};

}  // namespace

Result<ModelTree> ReadModelTree(const std::string& path) {
  ModelTree tree;
  std::error_code error;
  if (IsModelFile(path)) tree.directories.insert(fs::absolute(path, error).parent_path().string());
  if (IsModelFile(path) && !fs::exists(path, error) && !error) return tree;
  const Result<Layout> layout = ScanLayout(path);
  if (!layout.ok()) return Unavailable(std::string(Message(layout.status())));
  if (!IsModelFile(path)) tree.directories.insert(fs::canonical(path, error).string());
  ModelReader reader(&tree);
  for (const FoundModel& model : layout->models) {
    for (const std::string& entry : model.entries) reader.Read(model, entry);
  }
  return tree;
}

bool IsIncomplete(const std::string& file) {
  constexpr std::string_view kBegin = "PK\x03\x04";
  constexpr std::string_view kEnd = "PK\x05\x06";
  constexpr std::streamoff kLongestEnd = 22 + 65535;  // the end record and its comment
  std::error_code error;
  // A directory can be opened and has nothing to read, as a file that has just been made.
  if (fs::is_directory(file, error)) return false;
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  if (!stream) return false;
  const std::streamoff size = stream.tellg();
  std::array<char, kBegin.size()> begin{};
  stream.seekg(0).read(begin.data(), begin.size());
  if (stream.gcount() == 0) return true;
  if (std::string_view(begin.data(), begin.size()) != kBegin) return false;
  std::vector<char> tail(static_cast<size_t>(std::min(size, kLongestEnd)));
  stream.seekg(size - static_cast<std::streamoff>(tail.size()))
      .read(tail.data(), static_cast<std::streamsize>(tail.size()));
  return std::string_view(tail.data(), tail.size()).rfind(kEnd) == std::string_view::npos;
}

}  // namespace flambeau
