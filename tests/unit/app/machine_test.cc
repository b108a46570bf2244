#include "app/machine.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

namespace flambeau {
namespace {

class MachineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = ::testing::TempDir() + "machine-" + std::to_string(getpid());
    std::filesystem::remove_all(root_);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  static int Affinity() {
    cpu_set_t set;
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof(set), &set);
    return CPU_COUNT(&set);
  }

  std::string root_;
};

TEST_F(MachineTest, CpuMaxIsRoundedUpToWholeCores) {
  EXPECT_EQ(CoresOfCpuMax("200000 100000"), 2);
  EXPECT_EQ(CoresOfCpuMax("150000 100000"), 2);
  EXPECT_EQ(CoresOfCpuMax("10000 100000"), 1);
  EXPECT_EQ(CoresOfCpuMax("max 100000"), std::nullopt);
  EXPECT_EQ(CoresOfCpuMax(""), std::nullopt);
  EXPECT_EQ(CoresOfCpuMax("100000 0"), std::nullopt);
}

TEST_F(MachineTest, WhatWasNotSaidFillsTheCores) {
  const auto filled = [](int instances, int threads) {
    const Parallelism parallelism = FillCores({instances, threads}, 6);
    return std::pair(parallelism.instances, parallelism.threads);
  };
  EXPECT_EQ(filled(0, 0), std::pair(6, 1));
  EXPECT_EQ(filled(2, 0), std::pair(2, 3));
  EXPECT_EQ(filled(0, 4), std::pair(1, 4));
  EXPECT_EQ(filled(9, 0), std::pair(9, 1));
  EXPECT_EQ(filled(9, 9), std::pair(9, 9));
}

TEST_F(MachineTest, WithoutAQuotaTheAffinityMaskCounts) {
  EXPECT_EQ(UsableCores(root_), Affinity());
}

TEST_F(MachineTest, AQuotaOfAnyFolderAboveHolds) {
  Write("/proc/self/cgroup", "0::/pods/one\n");
  Write("/sys/fs/cgroup/pods/one/cpu.max", "max 100000");
  Write("/sys/fs/cgroup/pods/cpu.max", "100000 100000");
  EXPECT_EQ(UsableCores(root_), 1);
}

TEST_F(MachineTest, AVersionOneQuotaHoldsToo) {
  Write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000");
  Write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000");
  EXPECT_EQ(UsableCores(root_), 1);
}

}  // namespace
}  // namespace flambeau
