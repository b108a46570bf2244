#include "metrics/process.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace flambeau {
namespace {

std::string ReadAll(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Seconds since 1970 at which the machine started; constant, so read once.
double BootTime() {
  static const double boot = [] {
    std::ifstream file("/proc/stat");
    std::string key;
    double seconds = 0;
    while (file >> key) {
      if (key == "btime" && file >> seconds) return seconds;
      std::getline(file, key);
    }
    return 0.0;
  }();
  return boot;
}

double ToSeconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

double CountOpenFiles() {
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  int count = -1;  // the descriptor of `folder` itself
  while (const dirent* entry = readdir(folder)) {
    if (entry->d_name[0] != '.') ++count;
  }
  closedir(folder);
  return count;
}

}  // namespace

ProcessFigures ReadProcessFigures() {
  ProcessFigures figures;
  // proc(5): fields from 3 on follow the command's closing bracket; the command may hold blanks.
  const std::string stat = ReadAll("/proc/self/stat");
  const size_t bracket = stat.rfind(')');
  if (bracket != std::string::npos) {
    std::istringstream fields(stat.substr(bracket + 1));
    std::string state;
    fields >> state;
    double value[22] = {};  // fields 4 to 25
    for (double& field : value) fields >> field;
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    figures.threads = value[20 - 4];
    figures.start_seconds = BootTime() + value[22 - 4] / ticks;
    figures.virtual_bytes = value[23 - 4];
    figures.resident_bytes = value[24 - 4] * static_cast<double>(sysconf(_SC_PAGESIZE));
  }
  // Finer than the ticks of /proc/self/stat.
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    figures.cpu_seconds = ToSeconds(usage.ru_utime) + ToSeconds(usage.ru_stime);
  }
  figures.open_fds = CountOpenFiles();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.max_fds = static_cast<double>(limit.rlim_cur);
  return figures;
}

}  // namespace flambeau
