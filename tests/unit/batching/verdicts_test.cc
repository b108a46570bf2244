#include "batching/verdicts.h"

#include <gtest/gtest.h>

#include "backend/fake/fake_backend.h"

namespace flambeau {
namespace {

const Proof kProof{Verdict::kProven, ""};

TEST(VerdictsTest, WaitsForAProof) {
  Verdicts verdicts(FakeFacts(), true);
  EXPECT_TRUE(verdicts.Provable(0));
  EXPECT_EQ(verdicts.Summary(0).verdict, Verdict::kUnproven);
  EXPECT_FALSE(verdicts.Summary(0).reason.empty());
}

TEST(VerdictsTest, SaysWhetherAProofRuns) {
  Verdicts verdicts(FakeFacts(), true);
  Variant* variant = verdicts.Find(0, "a");
  EXPECT_EQ(verdicts.Summary(0).reason, "the proof waits for a first request to learn the shapes");
  variant->state = Variant::State::kRunning;
  EXPECT_EQ(verdicts.Summary(0).reason, "its proof runs, and nothing is merged until it has ended");
  verdicts.Decide(variant, kProof, 8);
  EXPECT_EQ(verdicts.Summary(0).reason, "");
}

TEST(VerdictsTest, TheStaticGateIsFinal) {
  Facts facts = FakeFacts();
  facts.methods[0].static_proof = {Verdict::kRefused, "branches on a value"};
  Verdicts verdicts(facts, true);
  EXPECT_FALSE(verdicts.Provable(0));
  EXPECT_EQ(verdicts.Find(0, "a"), nullptr);
  EXPECT_EQ(verdicts.Summary(0).reason, "branches on a value");
}

TEST(VerdictsTest, NothingIsProvableWithoutProofsOrWithState) {
  EXPECT_FALSE(Verdicts(FakeFacts(), false).Provable(0));
  Facts facts = FakeFacts();
  facts.writes_state = true;
  EXPECT_FALSE(Verdicts(facts, true).Provable(0));
  EXPECT_EQ(Verdicts(facts, true).Summary(0).verdict, Verdict::kRefused);
}

TEST(VerdictsTest, EachVariantHasItsOwn) {
  Verdicts verdicts(FakeFacts(), true);
  Variant* a = verdicts.Find(0, "a");
  Variant* b = verdicts.Find(0, "b");
  ASSERT_NE(a, b);
  EXPECT_EQ(verdicts.Find(0, "a"), a);
  verdicts.Decide(b, {Verdict::kRefused, "mixes"}, 0);
  EXPECT_EQ(verdicts.Summary(0).reason, "mixes");
  verdicts.Decide(a, kProof, 16);
  EXPECT_EQ(a->proven_rows, 16);
  EXPECT_EQ(b->proof.verdict, Verdict::kRefused);
  EXPECT_EQ(verdicts.Summary(0).verdict, Verdict::kProven);
}

TEST(VerdictsTest, VariantsAreBounded) {
  Verdicts verdicts(FakeFacts(), true);
  for (size_t i = 0; i < Verdicts::kMaxVariants; ++i) {
    EXPECT_NE(verdicts.Find(0, std::to_string(i)), nullptr);
  }
  EXPECT_EQ(verdicts.Find(0, "one more"), nullptr);
  EXPECT_NE(verdicts.Find(0, "0"), nullptr);
}

TEST(VerdictsTest, AVacuousProofIsTriedAgainSomeTimes) {
  Verdicts verdicts(FakeFacts(), true);
  Variant* variant = verdicts.Find(0, "a");
  for (int attempt = 1; attempt < Verdicts::kMaxAttempts; ++attempt) {
    verdicts.Decide(variant, {Verdict::kUnproven, "vacuous"}, 0);
    EXPECT_EQ(variant->state, Variant::State::kWanted);
  }
  verdicts.Decide(variant, {Verdict::kUnproven, "vacuous"}, 0);
  EXPECT_EQ(variant->state, Variant::State::kDecided);
}

TEST(VerdictsTest, ADecisionKeepsTheStaticGatesRank) {
  Facts facts = FakeFacts();
  facts.methods[0].static_proof.min_rank = 2;
  Verdicts verdicts(facts, true);
  verdicts.Decide(verdicts.Find(0, "a"), kProof, 4);
  EXPECT_EQ(verdicts.Ranks(0).min_rank, 2);
  EXPECT_EQ(verdicts.Summary(0).min_rank, 2);
}

}  // namespace
}  // namespace flambeau
