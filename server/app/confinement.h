// Takes from a process what it does not need to try a model out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace flambeau {

struct Confinement {
  uint64_t memory_bytes = 0;  // of data, not of files that are mapped; 0: no limit
  uint64_t cpu_seconds = 0;   // 0: no limit
};

// From now on this process and its threads yield to others, leave no core file, have no network
// (sockets and connecting them are refused with EPERM), end with the thread that started them, and
// are the first to go when the machine runs out of memory. To be called before the process has
// threads or files that it must keep. Errors: none: what could not be had is told, a sentence each.
std::vector<std::string> Confine(const Confinement& confinement);

}  // namespace flambeau
