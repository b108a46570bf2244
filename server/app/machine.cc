#include "app/machine.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>
#include <string>

namespace flambeau {
namespace {

std::optional<int> Cores(int64_t quota, int64_t period) {
  if (quota <= 0 || period <= 0) return std::nullopt;
  return static_cast<int>(std::clamp<int64_t>((quota + period - 1) / period, 1, 1 << 16));
}

std::optional<int64_t> ReadNumber(const std::string& path) {
  std::ifstream file(path);
  int64_t number = 0;
  if (file >> number) return number;
  return std::nullopt;
}

std::string ReadLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// The folder of this process' version 2 cgroup: the line "0::/path" of /proc/self/cgroup.
std::string CgroupPath(const std::string& root) {
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("0::", 0) == 0) return line.substr(3);
  }
  return "/";
}

}  // namespace

std::optional<int> CoresOfCpuMax(std::string_view text) {
  std::istringstream words{std::string(text)};
  int64_t quota = 0;
  int64_t period = 0;
  if (words >> quota >> period) return Cores(quota, period);
  return std::nullopt;
}

// One thread inside a run has no barrier to wait at, and two workers overlap one's run with the
// other's gathering.
Parallelism FillCores(Parallelism wanted, int cores) {
  if (wanted.threads == 0) {
    wanted.threads = wanted.instances > 0 ? std::max(1, cores / wanted.instances) : 1;
  }
  if (wanted.instances == 0) wanted.instances = std::max(1, cores / wanted.threads);
  return wanted;
}

int UsableCores(const std::string& root) {
  cpu_set_t set;
  CPU_ZERO(&set);
  int cores = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

  const std::string cgroup = root + "/sys/fs/cgroup";
  std::string path = CgroupPath(root);
  // A limit of any folder above holds too; in a container the path may not exist: the top does.
  while (true) {
    if (const auto limit = CoresOfCpuMax(ReadLine(cgroup + path + "/cpu.max"))) {
      cores = std::min(cores, *limit);
    }
    const size_t slash = path.rfind('/');
    if (path.empty() || slash == std::string::npos) break;
    path.resize(slash);
  }
  const auto quota = ReadNumber(cgroup + "/cpu/cpu.cfs_quota_us");
  const auto period = ReadNumber(cgroup + "/cpu/cpu.cfs_period_us");
  if (quota && period) {
    if (const auto limit = Cores(*quota, *period)) cores = std::min(cores, *limit);
  }
  return std::max(cores, 1);
}

}  // namespace flambeau
