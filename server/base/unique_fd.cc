#include "base/unique_fd.h"

#include <unistd.h>

namespace flambeau {

void UniqueFd::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

}  // namespace flambeau
