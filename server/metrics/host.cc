#include "metrics/host.h"

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace flambeau {
namespace {

constexpr double kKibibyte = 1024;

std::string ReadAll(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The figure behind `key` in /proc/meminfo, in bytes.
double MemoryBytes(std::string_view meminfo, std::string_view key) {
  const size_t found = meminfo.find(key);
  if (found == std::string_view::npos) return 0;
  std::istringstream rest(std::string(meminfo.substr(found + key.size(), 32)));
  double kibibytes = 0;
  rest >> kibibytes;
  return kibibytes * kKibibyte;
}

}  // namespace

HostFigures HostReader::Read() { return Read(ReadAll("/proc/stat"), ReadAll("/proc/meminfo")); }

HostFigures HostReader::Read(std::string_view stat, std::string_view meminfo) {
  HostFigures figures;
  // proc(5): "cpu user nice system idle iowait irq softirq steal"; guests are in user and nice.
  std::istringstream fields(std::string(stat.substr(0, stat.find('\n'))));
  std::string name;
  fields >> name;
  uint64_t all = 0;
  uint64_t idle = 0;
  uint64_t ticks = 0;
  for (int field = 0; field < 8 && fields >> ticks; ++field) {
    all += ticks;
    if (field == 3 || field == 4) idle += ticks;
  }
  const uint64_t busy = all - idle;
  if (all > all_ticks_ && busy >= busy_ticks_) {
    figures.cpu_utilization =
        static_cast<double>(busy - busy_ticks_) / static_cast<double>(all - all_ticks_);
  }
  busy_ticks_ = busy;
  all_ticks_ = all;
  figures.memory_total_bytes = MemoryBytes(meminfo, "MemTotal:");
  figures.memory_used_bytes = figures.memory_total_bytes - MemoryBytes(meminfo, "MemAvailable:");
  return figures;
}

}  // namespace flambeau
