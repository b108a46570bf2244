#include "repository/learning.h"

#include <gtest/gtest.h>

#include "backend/fake/fake_backend.h"
#include "batching/verdicts.h"

namespace flambeau {
namespace {

class LearningTest : public ::testing::Test {
 protected:
  std::unique_ptr<Learning> Create(const std::vector<KnownVerdict>& verdicts = {}) {
    return std::make_unique<Learning>(facts_, verdicts, proves_, [this] { ++learned_; });
  }
  bool LearnsFromOneRequest() {
    const auto learning = Create();
    learning->Success(0, Row());
    return learning->news();
  }
  static std::vector<Value> Row(DType dtype = DType::kFp32) {
    return {Value{*Tensor::Allocate(dtype, {2, 3})}};
  }

  Facts facts_ = FakeFactsUnknownShape();
  bool proves_ = true;
  int learned_ = 0;
};

TEST_F(LearningTest, ARequestAndTheEndOfTheProofAreEnough) {
  for (const bool request_first : {true, false}) {
    const auto learning = Create();
    learned_ = 0;
    if (request_first) learning->Success(0, Row());
    if (!request_first) learning->Decided(0, Verdict::kProven);
    EXPECT_EQ(learned_, 0);
    EXPECT_FALSE(learning->news());
    if (request_first) learning->Decided(0, Verdict::kProven);
    if (!request_first) learning->Success(0, Row());
    EXPECT_EQ(learned_, 1);
    EXPECT_TRUE(learning->TakeNews());
    EXPECT_FALSE(learning->TakeNews());
    EXPECT_EQ(learning->TakeToTry(false).at(0).at(0)->dims, (Shape{-1, 3}));
    learning->Success(0, Row());
    learning->Decided(0, Verdict::kRefused);
    EXPECT_EQ(learned_, 1) << "once";
  }
}

TEST_F(LearningTest, AProofThatIsTriedAgainHasNotEnded) {
  const auto learning = Create();
  learning->Success(0, Row());
  for (int i = 1; i < Verdicts::kMaxAttempts; ++i) learning->Decided(0, Verdict::kUnproven);
  EXPECT_EQ(learned_, 0);
  learning->Decided(0, Verdict::kUnproven);
  EXPECT_EQ(learned_, 1) << "it is not tried a fourth time";
}

TEST_F(LearningTest, WithoutAProofARequestIsEnough) {
  facts_.methods[0].static_proof = {Verdict::kRefused, "it branches on a value"};
  EXPECT_TRUE(LearnsFromOneRequest());
}

TEST_F(LearningTest, WhereNothingIsMergedNoProofIsAwaited) {
  EXPECT_FALSE(LearnsFromOneRequest());
  proves_ = false;
  EXPECT_TRUE(LearnsFromOneRequest());
}

TEST_F(LearningTest, WhereShapesAreKnownOnlyTheProofIsAwaited) {
  facts_ = FakeFacts();
  const auto learning = Create();
  learning->Success(0, Row());
  EXPECT_EQ(learned_, 0);
  learning->Decided(0, Verdict::kRefused);
  EXPECT_EQ(learned_, 1);
  EXPECT_FALSE(Any(learning->TakeToTry(true)));
}

TEST_F(LearningTest, WhatIsKnownIsNotLearned) {
  facts_ = FakeFacts();
  const auto learning = Create({{0, "variant", {Verdict::kProven, ""}, 32}});
  learning->Success(0, Row());
  learning->Decided(0, Verdict::kProven);
  EXPECT_EQ(learned_, 0);
}

TEST_F(LearningTest, RowsThatCannotBeMadeUpTellNothing) {
  const auto learning = Create();
  learning->Success(0, Row(DType::kInt64));
  learning->Decided(0, Verdict::kProven);
  EXPECT_EQ(learned_, 0) << "integers may be indices of any table";
  EXPECT_FALSE(Any(learning->TakeToTry(true)));
}

TEST_F(LearningTest, AModelThatWritesItsStateStaysAsItIs) {
  facts_.writes_state = true;
  const auto learning = Create();
  learning->Success(0, Row());
  EXPECT_EQ(learned_, 0);
}

TEST_F(LearningTest, NobodyNeedsToBeTold) {
  Learning learning(facts_, {}, true, nullptr);
  learning.Success(0, Row());
  learning.Decided(0, Verdict::kProven);
  EXPECT_FALSE(learning.news());
}

TEST_F(LearningTest, RowsThatAreTooLargeToMakeUpTellNothing) {
  const auto learning = Create();
  learning->Success(0, {Value{*Tensor::Allocate(DType::kFp32, {1, 20 << 20})}});
  learning->Decided(0, Verdict::kProven);
  EXPECT_EQ(learned_, 0);
  learning->Success(0, Row());
  EXPECT_EQ(learned_, 1) << "one client does not decide for all";
}

TEST_F(LearningTest, IsTriedOnceTheShapesOfAllMethodsAreKnown) {
  facts_.methods.push_back(facts_.methods[0]);
  facts_.methods[1].name = "other";
  const auto learning = Create();
  learning->Success(1, Row());
  learning->Decided(1, Verdict::kProven);
  EXPECT_EQ(learned_, 1);
  EXPECT_TRUE(learning->TakeToTry(false).empty()) << "one is not known";
  learning->Success(0, Row());
  learning->Decided(0, Verdict::kProven);
  EXPECT_EQ(learned_, 2);
  const SeenShapes all = learning->TakeToTry(false);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].at(0)->dims, (Shape{-1, 3}));
  EXPECT_EQ(all[1].at(0)->dims, (Shape{-1, 3}));
  EXPECT_TRUE(learning->TakeToTry(true).empty()) << "once";
}

TEST_F(LearningTest, NothingSeenIsNothingToTry) {
  facts_ = FakeFacts();
  const auto learning = Create();
  learning->Decided(0, Verdict::kProven);
  EXPECT_FALSE(Any(learning->TakeToTry(false)));
}

TEST_F(LearningTest, OneMethodMayBeEnough) {
  facts_.methods.push_back(facts_.methods[0]);
  const auto learning = Create();
  learning->Success(1, Row());
  learning->Decided(1, Verdict::kProven);
  const SeenShapes seen = learning->TakeToTry(/*in_part=*/true);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_TRUE(seen[0].empty());
  EXPECT_FALSE(seen[1].empty());
}

}  // namespace
}  // namespace flambeau
