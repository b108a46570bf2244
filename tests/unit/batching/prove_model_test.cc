#include "batching/prove_model.h"

#include <gtest/gtest.h>

#include "backend/fake/fake_backend.h"
#include "backend/fake/fake_clock.h"
#include "batching/scheduler_fixture.h"

namespace flambeau {
namespace {

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
  script_.on_probe_run = [this](int64_t) { clock_.Advance(std::chrono::seconds(1)); };
  options_.proof_budget = std::chrono::seconds(3);
  const ProvenModel proven = Prove(&clock_);
  EXPECT_FALSE(proven.complete);
  EXPECT_TRUE(proven.verdicts.empty());
}

}  // namespace
}  // namespace flambeau
