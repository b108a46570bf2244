#include "metrics/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <ctime>

#include "base/thread.h"

namespace flambeau {
namespace {

TEST(ProcessFiguresTest, TellsMemoryAndThreadsOfThisProcess) {
  const ProcessFigures figures = ReadProcessFigures();
  EXPECT_GT(figures.resident_bytes, 1 << 20);
  EXPECT_GE(figures.virtual_bytes, figures.resident_bytes);
  EXPECT_GE(figures.threads, 1);
  EXPECT_GE(figures.max_fds, figures.open_fds);
}

TEST(ProcessFiguresTest, CountsOneMoreOpenFile) {
  const double before = ReadProcessFigures().open_fds;
  const int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const double after = ReadProcessFigures().open_fds;
  close(file);
  EXPECT_EQ(after, before + 1);
}

TEST(ProcessFiguresTest, StartedInThePastButNotLongAgo) {
  const auto now = static_cast<double>(time(nullptr));
  const double start = ReadProcessFigures().start_seconds;
  EXPECT_LT(start, now + 2);
  EXPECT_GT(start, now - 3600);
}

TEST(ProcessFiguresTest, CpuTimeGrowsWithWork) {
  const double before = ReadProcessFigures().cpu_seconds;
  volatile double sink = 0;
  while (ReadProcessFigures().cpu_seconds < before + 0.02) sink = sink + 1;
  EXPECT_GE(ReadProcessFigures().cpu_seconds, before + 0.02);
}

}  // namespace
}  // namespace flambeau
