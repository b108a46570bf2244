#include "flambeau/attempts_internal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace flambeau::client {
namespace {

using std::chrono::milliseconds;

class AttemptsTest : public testing::Test {
 protected:
  Attempts Make(const RetryPolicy& policy, milliseconds deadline = milliseconds(60000)) {
    return {policy, now_ + deadline, [this] { return now_; }, [this] { return random_; }};
  }

  TimePoint now_ = TimePoint(std::chrono::hours(1));
  double random_ = 1;
  const absl::Status unavailable_ = absl::UnavailableError("stopping");
};

TEST_F(AttemptsTest, TheLongestPauseDoublesUpToTheMaximum) {
  Attempts attempts = Make({.attempts = 7});
  for (const int expected : {100, 200, 400, 800, 1600, 2000}) {
    EXPECT_EQ(attempts.PauseAfter(unavailable_, {}), milliseconds(expected));
  }
  EXPECT_EQ(attempts.PauseAfter(unavailable_, {}), std::nullopt);
}

TEST_F(AttemptsTest, APauseIsAnyPartOfTheLongest) {
  Attempts attempts = Make({});
  random_ = 0.25;
  EXPECT_EQ(attempts.PauseAfter(unavailable_, {}), milliseconds(25));
  random_ = 0;
  EXPECT_EQ(attempts.PauseAfter(unavailable_, {}), milliseconds(0));
}

TEST_F(AttemptsTest, FourAttemptsAreTheDefaultAndOneIsNoRetry) {
  Attempts attempts = Make({});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(attempts.PauseAfter(unavailable_, {})) << i;
  EXPECT_FALSE(attempts.PauseAfter(unavailable_, {}));
  EXPECT_FALSE(Make(kNoRetry).PauseAfter(unavailable_, {}));
}

TEST_F(AttemptsTest, OnlyAServerThatIsFullOrAwayIsAskedAgain) {
  const RetryPolicy policy{.attempts = 100};
  EXPECT_TRUE(Make(policy).PauseAfter(absl::ResourceExhaustedError("full"), {}));
  for (const absl::Status& error :
       {absl::InvalidArgumentError(""), absl::NotFoundError(""), absl::InternalError(""),
        absl::DeadlineExceededError(""), absl::CancelledError(""), absl::UnknownError("")}) {
    EXPECT_FALSE(Make(policy).PauseAfter(error, {})) << error;
  }
}

TEST_F(AttemptsTest, TheServersWishIsTheShortestPause) {
  Attempts attempts = Make({});
  EXPECT_EQ(attempts.PauseAfter(unavailable_, milliseconds(1500)), milliseconds(1500));
  EXPECT_EQ(attempts.PauseAfter(unavailable_, milliseconds(5)), milliseconds(200));
  EXPECT_EQ(attempts.PauseAfter(unavailable_, milliseconds(-1)), std::nullopt);
}

TEST_F(AttemptsTest, NoPauseOutlastsTheDeadline) {
  Attempts attempts = Make({}, milliseconds(150));
  EXPECT_EQ(attempts.PauseAfter(unavailable_, {}), milliseconds(100));
  now_ += milliseconds(100);
  EXPECT_EQ(attempts.PauseAfter(unavailable_, {}), std::nullopt);  // up to 200, but 50 are left
  EXPECT_FALSE(Make({}, milliseconds(1000)).PauseAfter(unavailable_, milliseconds(1000)));
}

TEST_F(AttemptsTest, ManyAttemptsDoNotOverflow) {
  Attempts attempts = Make({.attempts = std::numeric_limits<int>::max()});
  for (int i = 0; i < 3000; ++i) (void)attempts.PauseAfter(unavailable_, {});
  EXPECT_EQ(attempts.PauseAfter(unavailable_, {}), milliseconds(2000));
}

TEST(DeadlineTest, DoesNotOverflow) {
  const TimePoint now = std::chrono::steady_clock::now();
  EXPECT_GT(DeadlineIn(milliseconds::max()), now + std::chrono::hours(8000));
  EXPECT_GE(DeadlineIn(milliseconds(5)), now + milliseconds(5));
}

TEST(RandomTest, IsFromZeroToOneAndVaries) {
  double lowest = 1;
  double highest = 0;
  for (int i = 0; i < 1000; ++i) {
    const double value = Random();
    lowest = std::min(lowest, value);
    highest = std::max(highest, value);
  }
  EXPECT_GE(lowest, 0);
  EXPECT_LT(highest, 1);
  EXPECT_GT(highest - lowest, 0.5);
}

}  // namespace
}  // namespace flambeau::client
