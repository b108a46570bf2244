#include "spec/model_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace flambeau {

namespace fs = std::filesystem;

bool IsInside(const fs::path& root, const fs::path& path) {
  return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
}

bool IsPlainRelativePath(const std::string& name) {
  if (name.empty() || name.find('\0') != std::string::npos) return false;
  size_t begin = 0;
  while (true) {
    const size_t end = std::min(name.find('/', begin), name.size());
    const std::string part = name.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    if (end == name.size()) return true;
    begin = end + 1;
  }
}

Result<std::string> ReadInside(const std::string& directory, const std::string& name,
                               size_t limit) {
  if (!IsPlainRelativePath(name)) {
    return InvalidArgument("'" + name + "' must be a path inside the model's directory.");
  }
  std::error_code error;
  const fs::path root = fs::canonical(directory, error);
  if (error) return NotFound("The model's directory cannot be read.");
  const fs::path file = fs::canonical(root / name, error);
  if (error) return NotFound("The model's directory holds no file '" + name + "'.");
  if (!IsInside(root, file)) {
    return InvalidArgument("'" + name +
                           "' is a symbolic link that leaves the model's directory; put the file "
                           "itself there.");
  }
  if (!fs::is_regular_file(file, error)) {
    return InvalidArgument("'" + name + "' is not a regular file.");
  }
  const uintmax_t size = fs::file_size(file, error);
  if (error || size > limit) {
    return InvalidArgument("'" + name + "' must be at most " + std::to_string(limit) +
                           " bytes long.");
  }
  std::string text(size, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(text.data(), static_cast<std::streamsize>(size));
  if (!stream || static_cast<uintmax_t>(stream.gcount()) != size) {
    return InvalidArgument("'" + name + "' cannot be read.");
  }
  return text;
}

std::vector<std::string> SplitLines(const std::string& text) {
  std::vector<std::string> lines;
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string line = text.substr(begin, end - begin);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(std::move(line));
    begin = end + 1;
  }
  return lines;
}

}  // namespace flambeau
