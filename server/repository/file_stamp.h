// Tells whether a file is still the one that was looked at before.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace flambeau {

struct FileStamp {
  uint64_t size = 0;
  int64_t modified = 0;  // nanoseconds since 1970
  uint64_t inode = 0;
  std::vector<FileStamp> beside = {};  // of what lies beside it and counts as well

  bool operator==(const FileStamp&) const = default;
};

FileStamp StampOf(const std::string& file);  // all zero if it cannot be asked

}  // namespace flambeau
