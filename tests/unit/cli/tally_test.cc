#include "cli/bench/tally.h"

#include <gtest/gtest.h>

namespace flambeau::client {
namespace {

using std::chrono::milliseconds;

constexpr Time At(int ms) { return Time(milliseconds(ms)); }

Tally::Window Window(bool open_loop) { return {At(100), At(200), open_loop}; }

TEST(TallyTest, AClosedLoopCountsAnswersOfTheWindow) {
  Tally tally(Window(false));
  tally.Answered(At(80), At(99));   // the warm-up
  tally.Answered(At(90), At(110));  // began in it
  tally.Answered(At(120), At(130));
  tally.Answered(At(190), At(200));  // too late
  EXPECT_EQ(tally.latencies().count(), 2);
  EXPECT_EQ(tally.latencies().max(), 20'000'000);
  EXPECT_DOUBLE_EQ(tally.Seconds(), 0.1);
  EXPECT_EQ(tally.finished(), 4);
}

TEST(TallyTest, AnOpenLoopWaitsForWhatWasDue) {
  Tally tally(Window(true));
  tally.Answered(At(20), At(99));   // the warm-up
  tally.Answered(At(90), At(150));  // was due in it, and waited
  tally.Answered(At(110), At(120));
  tally.Answered(At(199), At(400));  // an answer that came late counts, with its latency
  tally.Unsent();
  EXPECT_EQ(tally.latencies().count(), 3);
  EXPECT_EQ(tally.latencies().max(), 201'000'000);
  EXPECT_DOUBLE_EQ(tally.Seconds(), 0.3);
  EXPECT_EQ(tally.unsent(), 1);
}

TEST(TallyTest, ErrorsAreCountedByCodeAndLeaveLatenciesAlone) {
  Tally one(Window(false));
  one.Failed(At(20), "429", "busy");  // of the warm-up: its sentence is told all the same
  one.Failed(At(120), "429", "still busy");
  Tally other(Window(false));
  other.Failed(At(120), "429", "busy");
  other.Failed(At(120), "timeout", "late");
  other.Answered(At(110), At(120));
  one.Add(other);
  EXPECT_EQ(one.errors(), (std::map<std::string, int64_t>{{"429", 2}, {"timeout", 1}}));
  EXPECT_EQ(one.CountErrors(), 3);
  EXPECT_EQ(one.first_error(), "busy");
  EXPECT_EQ(one.latencies().count(), 1);
}

}  // namespace
}  // namespace flambeau::client
