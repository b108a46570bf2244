#include "app/idle_memory.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <utility>

namespace flambeau {
namespace {

constexpr size_t kMuch = size_t{32} << 20;

}  // namespace

bool IdleMemory::WorthGivingBack(size_t in_flight, size_t resident_bytes) {
  least_ = std::min(least_, resident_bytes);
  const bool idle = in_flight == 0;
  const bool was_idle = std::exchange(was_idle_, idle);
  return idle && was_idle && resident_bytes - least_ >= kMuch;
}

size_t ResidentMemory() {
  std::ifstream statm("/proc/self/statm");
  size_t all = 0;
  size_t resident = 0;
  statm >> all >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

void GiveBackMemory() { malloc_trim(0); }

}  // namespace flambeau
