#include "base/thread_clock.h"

#include <gtest/gtest.h>

#include <thread>

namespace flambeau {
namespace {

// Runs until its thread has had so much of a processor.
void Spin(Duration time) {
  const ThreadClock clock;
  const TimePoint end = clock.Now() + time;
  while (clock.Now() < end) {
  }
}

TEST(ThreadClockTest, CountsWhatItsThreadRuns) {
  const ThreadClock clock;
  const TimePoint begin = clock.Now();
  Spin(std::chrono::milliseconds(5));
  EXPECT_GE(clock.Now() - begin, std::chrono::milliseconds(5));
}

TEST(ThreadClockTest, WhatAnotherThreadRunsDoesNotCount) {
  const ThreadClock clock;
  const TimePoint begin = clock.Now();
  std::thread([] { Spin(std::chrono::milliseconds(50)); }).join();
  EXPECT_LT(clock.Now() - begin, std::chrono::milliseconds(50));
}

}  // namespace
}  // namespace flambeau
