#include "batching/prove_model.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "backend/fake/fake_backend.h"
#include "batching/scheduler_fixture.h"

namespace flambeau {
namespace {

// Whoever waits has waited in vain: the probes are held until then.
class HastyClock final : public Clock {
 public:
  HastyClock() { latch.Close(); }
  TimePoint Now() const override { return now_; }
  void WaitUntil(std::condition_variable&, std::unique_lock<std::mutex>&,
                 TimePoint deadline) override {
    now_ = deadline;
    latch.Open();
  }

  FakeLatch latch;

 private:
  std::atomic<TimePoint> now_{};
};

class ProveModelTest : public SchedulerFixture {
 protected:
  ProvenModel Prove(Clock* clock) {
    FakeModel model(facts_, script_, &journal_);
    return ProveModel(&model, options_, clock);
  }

  SystemClock real_clock_;
};

TEST_F(ProveModelTest, TellsWhatASchedulerWouldFind) {
  Create();
  const ProvenModel proven = Prove(&real_clock_);
  EXPECT_TRUE(proven.complete);
  ASSERT_EQ(proven.verdicts.size(), 1u);
  EXPECT_EQ(proven.verdicts[0].variant, scheduler_->verdicts()[0].variant);
  EXPECT_EQ(proven.verdicts[0].proof.verdict, Verdict::kProven);
  EXPECT_EQ(proven.verdicts[0].rows, 32);
  ASSERT_EQ(proven.proofs.size(), 1u);
  EXPECT_EQ(proven.proofs[0].verdict, Verdict::kProven);
}

TEST_F(ProveModelTest, TouchesTheModelThroughProbesOnly) {
  Prove(&real_clock_);
  EXPECT_TRUE(journal_.runs().empty());
}

TEST_F(ProveModelTest, WithoutShapesThereIsNothingToProve) {
  facts_ = FakeFactsUnknownShape();
  const ProvenModel proven = Prove(&real_clock_);
  EXPECT_TRUE(proven.complete);
  EXPECT_TRUE(proven.verdicts.empty());
  EXPECT_EQ(proven.proofs[0].verdict, Verdict::kUnproven);
}

TEST_F(ProveModelTest, OneThatTakesTooLongIsLeftToOthers) {
  HastyClock hasty;
  script_.on_probe_run = [&hasty](int64_t) { hasty.latch.Pass(); };
  EXPECT_FALSE(Prove(&hasty).complete);
}

}  // namespace
}  // namespace flambeau
