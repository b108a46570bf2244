#include "cli/files.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace flambeau::client {

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t most) {
  std::error_code error;
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path, error)) {
    return absl::InvalidArgumentError("the file '" + path + "' cannot be read");
  }
  std::string bytes;
  char part[65536];
  do {
    file.read(part, sizeof(part));
    bytes.append(part, static_cast<size_t>(file.gcount()));
    if (bytes.size() > most) {
      return absl::InvalidArgumentError("the file '" + path + "' is larger than " +
                                        std::to_string(most >> 20) + " MiB");
    }
  } while (file);
  return bytes;
}

absl::Status ReplaceFile(const std::string& path, const std::string& bytes) {
  const std::filesystem::path target(path);
  const std::string partial =
      (target.parent_path() / ("." + target.filename().string() + ".partial")).string();
  std::ofstream file(partial, std::ios::binary | std::ios::trunc);
  file << bytes;
  file.close();
  if (file.good() && std::rename(partial.c_str(), path.c_str()) == 0) return absl::OkStatus();
  std::remove(partial.c_str());
  return absl::InvalidArgumentError("'" + path + "' cannot be written");
}

}  // namespace flambeau::client
