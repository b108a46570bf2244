#include "metrics/host.h"

#include <gtest/gtest.h>

namespace flambeau {
namespace {

constexpr char kMemory[] = "MemTotal:       1000 kB\nMemFree: 10 kB\nMemAvailable:    400 kB\n";

TEST(HostReaderTest, TellsMemoryInBytes) {
  const HostFigures figures = HostReader().Read("", kMemory);
  EXPECT_EQ(figures.memory_total_bytes, 1024000);
  EXPECT_EQ(figures.memory_used_bytes, 614400);
}

TEST(HostReaderTest, UtilizationIsTheBusyShareSinceTheReadingBefore) {
  HostReader reader;
  EXPECT_DOUBLE_EQ(reader.Read("cpu  10 0 10 70 10 0 0 0 5 5\n", "").cpu_utilization, 0.2);
  EXPECT_DOUBLE_EQ(reader.Read("cpu  40 0 10 130 20 0 0 0 5 5\n", "").cpu_utilization, 0.3);
}

TEST(HostReaderTest, UtilizationIsZeroWhereNothingPassedOrNothingIsTold) {
  HostReader reader;
  reader.Read("cpu  10 0 10 70 10 0 0 0\n", "");
  EXPECT_EQ(reader.Read("cpu  10 0 10 70 10 0 0 0\n", "").cpu_utilization, 0);
  EXPECT_EQ(reader.Read("nonsense", "").cpu_utilization, 0);
}

TEST(HostReaderTest, ReadsThisMachine) {
  const HostFigures figures = HostReader().Read();
  EXPECT_GT(figures.memory_total_bytes, figures.memory_used_bytes);
  EXPECT_GT(figures.memory_used_bytes, 0);
  EXPECT_GT(figures.cpu_utilization, 0);
  EXPECT_LE(figures.cpu_utilization, 1);
}

}  // namespace
}  // namespace flambeau
