// How many cores this process may use.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace flambeau {

// At least 1: the CPUs of the affinity mask, or fewer if a cgroup quota (version 1 or 2) says so,
// rounded up. `root` stands before /sys and /proc, for tests.
int UsableCores(const std::string& root = "");

// An accelerator runs batches one after the other: a second worker gathers the next one meanwhile,
// and with more of them each would find less to take.
inline constexpr int kInstancesOnAccelerator = 2;

struct Parallelism {
  int instances = 0;  // workers of a model
  int threads = 0;    // inside a run
};

// 0 becomes what fills the cores with the other.
Parallelism FillCores(Parallelism wanted, int cores);

// The cores that a cgroup version 2 cpu.max grants ("200000 100000": 2, rounded up); nothing for
// "max" or text that is not one.
std::optional<int> CoresOfCpuMax(std::string_view text);

}  // namespace flambeau
