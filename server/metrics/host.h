// What the kernel says about the whole machine, for Triton's nv_cpu_* metrics.
#pragma once

#include <cstdint>
#include <string_view>

namespace flambeau {

struct HostFigures {
  double cpu_utilization = 0;  // 0 to 1, since the reading before
  double memory_total_bytes = 0;
  double memory_used_bytes = 0;  // what is not available to new programs
};

// Threads: one at a time. Errors: none; what /proc does not tell stays 0.
class HostReader {
 public:
  HostFigures Read();
  // The same from texts: /proc/stat's and /proc/meminfo's.
  HostFigures Read(std::string_view stat, std::string_view meminfo);

 private:
  uint64_t busy_ticks_ = 0;
  uint64_t all_ticks_ = 0;
};

}  // namespace flambeau
