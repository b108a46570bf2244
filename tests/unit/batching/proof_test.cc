// The dynamic gate against models made to fool it.
#include "batching/proof.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "batching/scheduler_fixture.h"

namespace flambeau {
namespace {

using ::testing::HasSubstr;

using Effect = std::function<void(FakeBatch&)>;

class ProofTest : public ::testing::Test {
 protected:
  ProofResult Prove(int64_t max = 32) {
    FakeModel model(facts_, script_);
    const std::unique_ptr<Instance> instance = *model.NewProbe();
    auto rows = RowSource::FromFacts(facts_.methods[0], 3);
    ProofOptions options = options_;
    options.max_batch_size = max;
    return ProveRowsIndependent(*instance, 0, *rows, options);
  }
  ProofResult ProveEffect(Effect effect) {
    script_.effect = std::move(effect);
    return Prove();
  }

  Facts facts_ = FakeFacts(4);
  FakeScript script_;
  ProofOptions options_;
};

double MeanOf(const FakeBatch& batch, int64_t column) {
  double sum = 0;
  for (int64_t row = 0; row < batch.rows; ++row) sum += batch.in[row * batch.row_size + column];
  return sum / static_cast<double>(batch.rows);
}

// Adds `factor` times the batch's mean to rows [first, last).
Effect AddMean(double factor, int64_t first = 0, int64_t last = 1000) {
  return [=](FakeBatch& batch) {
    for (int64_t row = first; row < std::min(last, batch.rows); ++row) {
      for (int64_t column = 0; column < batch.row_size; ++column) {
        batch.out[row * batch.row_size + column] += factor * MeanOf(batch, column);
      }
    }
  };
}

TEST_F(ProofTest, ASoundModelIsProven) {
  const ProofResult result = Prove();
  EXPECT_EQ(result.proof.verdict, Verdict::kProven) << result.proof.reason;
  EXPECT_EQ(result.rows, 32);
  ASSERT_TRUE(result.sample_result);
  EXPECT_EQ(NumbersOf(*result.sample_result)[0], 2 * NumbersOf(result.sample_arguments[0])[0]);
}

TEST_F(ProofTest, EverySizeUpToTheMaximumIsRun) {
  std::vector<int64_t> sizes;
  script_.on_probe_run = [&](int64_t rows) {
    if (sizes.empty() || sizes.back() != rows) sizes.push_back(rows);
  };
  EXPECT_EQ(Prove(24).proof.verdict, Verdict::kProven);
  EXPECT_THAT(sizes, ::testing::ElementsAre(1, 2, 3, 4, 8, 16, 24));
}

TEST_F(ProofTest, RoundingIsAllowed) {
  // As another kernel for larger batches might: a difference in the last bits, by size alone.
  const ProofResult result = ProveEffect([](FakeBatch& batch) {
    if (batch.rows < 4) return;
    for (double& y : batch.out) y *= 1 + 1e-7;
  });
  EXPECT_EQ(result.proof.verdict, Verdict::kProven) << result.proof.reason;
}

TEST_F(ProofTest, AGpuMayRoundMoreButMixesNoRowsEither) {
  const Effect by_size = [](FakeBatch& batch) {
    if (batch.rows < 4) return;
    for (double& y : batch.out) y *= 1 + 2e-4;
  };
  EXPECT_EQ(ProveEffect(by_size).proof.verdict, Verdict::kRefused);
  options_.device = "cuda:0";
  const ProofResult result = ProveEffect(by_size);
  EXPECT_EQ(result.proof.verdict, Verdict::kProven) << result.proof.reason;
  EXPECT_EQ(ProveEffect(AddMean(1e-6)).proof.verdict, Verdict::kRefused);
}

TEST_F(ProofTest, ATenThousandthOfTheBatchMeanIsRefused) {
  const ProofResult result = ProveEffect(AddMean(1e-4));
  EXPECT_EQ(result.proof.verdict, Verdict::kRefused);
  EXPECT_THAT(result.proof.reason, HasSubstr("batch of 2"));
}

TEST_F(ProofTest, AMillionthOfTheBatchMeanIsRefusedThoughItIsWithinTheTolerance) {
  const ProofResult result = ProveEffect(AddMean(1e-6));
  EXPECT_EQ(result.proof.verdict, Verdict::kRefused);
  EXPECT_THAT(result.proof.reason, HasSubstr("when other rows of the batch changed"));
}

TEST_F(ProofTest, AnEffectOnTheFirstRowOnlyIsRefused) {
  EXPECT_EQ(ProveEffect(AddMean(1e-6, 0, 1)).proof.verdict, Verdict::kRefused);
}

TEST_F(ProofTest, AnEffectOnTheLastRowOfTheLargestBatchIsRefused) {
  EXPECT_EQ(ProveEffect(AddMean(1e-6, 31, 32)).proof.verdict, Verdict::kRefused);
}

TEST_F(ProofTest, AnEffectOfOneRowOnOneOtherIsRefused) {
  for (const auto& [from, to] : {std::pair{0, 1}, {1, 0}, {5, 7}, {30, 28}, {31, 0}}) {
    const auto result = ProveEffect([from = from, to = to](FakeBatch& batch) {
      if (batch.rows <= std::max(from, to)) return;
      batch.out[to * batch.row_size] += 1e-4 * batch.in[from * batch.row_size];
    });
    EXPECT_EQ(result.proof.verdict, Verdict::kRefused) << from << " to " << to;
  }
}

TEST_F(ProofTest, AnEffectOfLargeBatchesOnlyIsRefused) {
  const auto result = ProveEffect([](FakeBatch& batch) {
    if (batch.rows >= 20) AddMean(1e-4)(batch);
  });
  EXPECT_EQ(result.proof.verdict, Verdict::kRefused);
  EXPECT_THAT(result.proof.reason, HasSubstr("batch of 32"));
}

TEST_F(ProofTest, ABranchOnTheLargestValueIsRefused) {
  const auto result = ProveEffect([](FakeBatch& batch) {
    if (*std::max_element(batch.in.begin(), batch.in.end()) <= 6) return;
    for (double& y : batch.out) y *= 2;
  });
  EXPECT_EQ(result.proof.verdict, Verdict::kRefused);
}

TEST_F(ProofTest, ADependenceOnTheBatchSizeIsRefused) {
  const auto result = ProveEffect([](FakeBatch& batch) {
    for (double& y : batch.out) y += 0.01 * static_cast<double>(batch.rows);
  });
  EXPECT_EQ(result.proof.verdict, Verdict::kRefused);
  EXPECT_THAT(result.proof.reason, HasSubstr("alone"));
}

TEST_F(ProofTest, ADependenceOnThePositionIsRefused) {
  const auto result = ProveEffect([](FakeBatch& batch) {
    for (int64_t row = 0; row < batch.rows; ++row) {
      batch.out[row * batch.row_size] += 0.01 * static_cast<double>(row);
    }
  });
  EXPECT_EQ(result.proof.verdict, Verdict::kRefused);
}

TEST_F(ProofTest, RandomAnswersAreRefused) {
  auto calls = std::make_shared<int>(0);
  const auto result = ProveEffect([calls](FakeBatch& batch) {
    for (double& y : batch.out) y += 0.01 * (++*calls % 7);
  });
  EXPECT_EQ(result.proof.verdict, Verdict::kRefused);
}

TEST_F(ProofTest, ACounterIsRefused) {
  auto calls = std::make_shared<int>(0);
  const auto result = ProveEffect([calls](FakeBatch& batch) {
    ++*calls;
    for (double& y : batch.out) y += *calls;
  });
  EXPECT_EQ(result.proof.verdict, Verdict::kRefused);
}

TEST_F(ProofTest, AResultWithoutTheBatchIsRefused) {
  script_.drop_batch_dimension = true;
  const ProofResult result = Prove();
  EXPECT_EQ(result.proof.verdict, Verdict::kRefused);
  EXPECT_THAT(result.proof.reason, HasSubstr("dimension 0"));
}

TEST_F(ProofTest, ABatchThatFailsIsRefused) {
  script_.fail = [](const FakeBatch& batch) {
    return batch.rows > 4 ? Internal("only four") : OkStatus();
  };
  const ProofResult result = Prove();
  EXPECT_EQ(result.proof.verdict, Verdict::kRefused);
  EXPECT_THAT(result.proof.reason, HasSubstr("batch of 8 fails"));
}

TEST_F(ProofTest, TheSecondResultIsComparedToo) {
  script_.second_result = true;
  EXPECT_EQ(Prove().proof.verdict, Verdict::kProven);
  script_.effect_second = AddMean(1e-4);
  EXPECT_EQ(Prove().proof.verdict, Verdict::kRefused);
}

TEST_F(ProofTest, ADeadUnitProvesNothing) {
  const auto result =
      ProveEffect([](FakeBatch& batch) { std::fill(batch.out.begin(), batch.out.end(), 0.0); });
  EXPECT_EQ(result.proof.verdict, Verdict::kUnproven);
  EXPECT_THAT(result.proof.reason, HasSubstr("proves nothing"));
}

TEST_F(ProofTest, AConstantProvesNothing) {
  const auto result = ProveEffect([](FakeBatch& batch) {
    for (double& y : batch.out) y = 100 + 1e-4 * y;
  });
  EXPECT_EQ(result.proof.verdict, Verdict::kUnproven);
}

TEST_F(ProofTest, ASecondResultThatIsDeadProvesNothing) {
  script_.second_result = true;
  script_.effect_second = [](FakeBatch& batch) {
    std::fill(batch.out.begin(), batch.out.end(), 0.0);
  };
  EXPECT_EQ(Prove().proof.verdict, Verdict::kUnproven);
}

TEST_F(ProofTest, AnswersThatAreNotFiniteProveNothing) {
  const auto result = ProveEffect([](FakeBatch& batch) {
    for (double& y : batch.out) y = NAN;
  });
  EXPECT_EQ(result.proof.verdict, Verdict::kUnproven);
  EXPECT_FALSE(result.sample_result);
}

TEST_F(ProofTest, RowsWithAnswersThatAreNotFiniteAreLeftOut) {
  const auto log = [](FakeBatch& batch) {
    for (double& y : batch.out) y = std::log(y);
  };
  EXPECT_EQ(ProveEffect(log).proof.verdict, Verdict::kProven);
  const auto result = ProveEffect([&](FakeBatch& batch) {
    log(batch);
    AddMean(1e-4)(batch);
  });
  EXPECT_EQ(result.proof.verdict, Verdict::kRefused);
}

TEST_F(ProofTest, AModelThatRefusesEveryRowIsUnproven) {
  script_.fail = [](const FakeBatch&) { return InvalidArgument("send something else"); };
  const ProofResult result = Prove();
  EXPECT_EQ(result.proof.verdict, Verdict::kUnproven);
  EXPECT_THAT(result.proof.reason, HasSubstr("send something else"));
}

TEST_F(ProofTest, MergingEndsWhereMemoryDoes) {
  script_.memory_rows = 8;
  const ProofResult result = Prove();
  EXPECT_EQ(result.proof.verdict, Verdict::kProven);
  EXPECT_EQ(result.rows, 8);
  script_.memory_rows = 1;
  EXPECT_EQ(Prove().proof.verdict, Verdict::kUnproven);
}

TEST_F(ProofTest, EndsWhenStopped) {
  std::atomic<bool> stop{false};
  options_.stop = &stop;
  int runs = 0;
  script_.on_probe_run = [&](int64_t) { stop = ++runs == 70; };
  const ProofResult result = Prove();
  EXPECT_EQ(result.proof.verdict, Verdict::kUnproven);
  EXPECT_EQ(runs, 70);
}

TEST_F(ProofTest, OneRowAtATimeNeedsNoProof) {
  EXPECT_EQ(Prove(1).proof.verdict, Verdict::kUnproven);
}

// What a run of so many rows takes, and which sizes were run.
class ProofTimeTest : public ProofTest {
 protected:
  ProofResult ProveTimed(const std::function<double(int64_t)>& milliseconds, int64_t max = 32) {
    options_.clock = &clock_;
    script_.on_probe_run = [this, milliseconds](int64_t rows) {
      ++runs_[rows];
      clock_.Advance(std::chrono::duration_cast<Duration>(
          std::chrono::duration<double, std::milli>(milliseconds(rows))));
    };
    ProofResult result = Prove(max);
    EXPECT_EQ(result.proof.verdict, Verdict::kProven) << result.proof.reason;
    return result;
  }
  int64_t LargestRun() const { return runs_.rbegin()->first; }

  FakeClock clock_;
  std::map<int64_t, int> runs_;
};

TEST_F(ProofTimeTest, LongRunsEndWithTheFirstSizeThatGainsNothing) {
  const ProofResult result = ProveTimed([](int64_t rows) { return 12.0 + 49.0 * rows; }, 64);
  EXPECT_EQ(result.rows, 8);  // 51.9 ms a row for 4, 50.5 for 8
  EXPECT_THAT(result.proof.reason, HasSubstr("more than 8 rows"));
  EXPECT_EQ(LargestRun(), 8);
  EXPECT_EQ(runs_[1], 16);  // of batches of 64 there would be 128
}

TEST_F(ProofTimeTest, SizesThatGainAreTried) {
  const ProofResult result = ProveTimed([](int64_t rows) { return 400.0 + 40.0 * rows; });
  EXPECT_EQ(result.rows, 32);  // 65 ms a row for 16, 52.5 for 32
  EXPECT_EQ(result.proof.reason, "");
}

TEST_F(ProofTimeTest, ASizeThatGainsNothingMayComeLater) {
  const ProofResult result =
      ProveTimed([](int64_t rows) { return rows <= 16 ? 100.0 + rows : 7.25 * rows; }, 64);
  EXPECT_EQ(result.rows, 32);  // 7.25 ms a row for 16 and for 32
  EXPECT_EQ(runs_[1], 64);
}

TEST_F(ProofTimeTest, BriefRunsAreTriedInAllSizes) {
  EXPECT_EQ(ProveTimed([](int64_t rows) { return 1.0 * rows; }).rows, 32);
}

TEST_F(ProofTimeTest, FewRowsThatTellNothingAreFollowedByMore) {
  // Every row's answer is the same, but for the later ones': their first value is larger.
  int rows_alone = 0;
  std::set<float> later;
  script_.effect = [&](FakeBatch& batch) {
    if (batch.rows == 1 && ++rows_alone > 16) later.insert(batch.in[0]);
    for (int64_t row = 0; row < batch.rows; ++row) {
      const float first = batch.in[row * batch.row_size];
      for (int64_t column = 0; column < batch.row_size; ++column) {
        batch.out[row * batch.row_size + column] = later.contains(first) ? first : 1.0f;
      }
    }
  };
  EXPECT_EQ(ProveTimed([](int64_t rows) { return 50.0 * rows; }).rows, 8);
  EXPECT_EQ(runs_[1], 64);
}

TEST_F(ProofTimeTest, WhatWasTriedHoldsWhereNoMoreRowsCanBeMade) {
  int alone = 0;
  script_.fail = [&](const FakeBatch& batch) {
    return batch.rows == 1 && ++alone > 24 ? InvalidArgument("no more") : OkStatus();
  };
  const ProofResult result = ProveTimed([](int64_t rows) { return 400.0 + 40.0 * rows; });
  EXPECT_EQ(result.rows, 8);
}

TEST_F(ProofTimeTest, OneSlowRunDecidesNothing) {
  int runs = 0;
  const ProofResult result = ProveTimed(
      [&](int64_t rows) { return rows == 8 && ++runs < 4 ? 10'000.0 : 400.0 + 40.0 * rows; });
  EXPECT_EQ(result.rows, 32);
}

}  // namespace
}  // namespace flambeau
