#include "repository/file_stamp.h"

#include <sys/stat.h>

namespace flambeau {

FileStamp StampOf(const std::string& file) {
  struct stat status {};
  if (stat(file.c_str(), &status) != 0) return {};
  constexpr int64_t kNanoseconds = 1000 * 1000 * 1000;
  return {static_cast<uint64_t>(status.st_size),
          status.st_mtim.tv_sec * kNanoseconds + status.st_mtim.tv_nsec,
          status.st_ino,
          {}};
}

}  // namespace flambeau
