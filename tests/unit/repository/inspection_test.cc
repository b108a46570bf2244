// What an inspector tells, and what becomes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "backend/fake/fake_backend.h"
#include "repository/repository.h"
#include "repository/temp_directory.h"

namespace flambeau {
namespace {

using ::testing::Contains;

// Threads: one of the loader's at a time.
class FakeInspector final : public Inspector {
 public:
  Result<Inspection> Inspect(const InspectionRequest& request) override {
    requests.push_back(request);
    return answer;
  }

  Result<Inspection> answer = Inspection{};
  std::vector<InspectionRequest> requests;
};

class InspectionTest : public ::testing::Test {
 protected:
  InspectionTest() {
    backend_.Register(directory_.Write("m.pt"), std::make_shared<FakeModel>(facts_, script_));
  }

  std::unique_ptr<Repository> Create() {
    Repository::Options options;
    options.path = directory_.path();
    options.scheduler.max_batch_size = 9;
    options.tuning.threads = true;
    auto repository = Repository::Create(
        options, {&backend_, &clock_, &permits_, log_.get(), metrics_.get(), &inspector_});
    EXPECT_TRUE(repository.ok()) << repository.status();
    EXPECT_TRUE((*repository)->WaitSettled(clock_.Now() + std::chrono::seconds(60)));
    return *std::move(repository);
  }

  Facts facts_ = FakeFacts();
  FakeScript script_;
  TempDirectory directory_;
  FakeBackend backend_;
  FakeInspector inspector_;
  SystemClock clock_;
  CorePermits permits_{2};
  std::unique_ptr<Log> log_ = Log::Silent();
  std::unique_ptr<Metrics> metrics_ = Metrics::Create();
};

TEST_F(InspectionTest, IsAskedForWithTheServersOwnOptions) {
  Create();
  ASSERT_EQ(inspector_.requests.size(), 1u);
  EXPECT_EQ(inspector_.requests[0].name, "m");
  EXPECT_EQ(inspector_.requests[0].file, directory_ / "m.pt");
  EXPECT_EQ(inspector_.requests[0].scheduler.max_batch_size, 9);
  EXPECT_EQ(inspector_.requests[0].config, nullptr);
  EXPECT_TRUE(inspector_.requests[0].tuning.threads);
}

TEST_F(InspectionTest, ARefusalIsAFailedLoad) {
  inspector_.answer = InvalidArgument("It did not end.");
  const auto repository = Create();
  EXPECT_EQ(repository->Index().at(0).state, ModelState::kUnavailable);
  EXPECT_EQ(repository->Index().at(0).reason, "It did not end.");
}

TEST_F(InspectionTest, WhatItToldIsShown) {
  ResultFact score;
  score.name = "score";
  Inspection inspection;
  inspection.results = {{score}};
  inspection.notes = {"checked with care"};
  inspector_.answer = inspection;
  const auto repository = Create();
  const auto servable = repository->Resolve("m", "");
  ASSERT_TRUE(servable.ok());
  EXPECT_THAT((*servable)->facts().notes, Contains("checked with care"));
  EXPECT_EQ((*servable)->facts().methods[0].results.at(0).name, "score");
}

TEST_F(InspectionTest, WhatItChoseIsHowItRuns) {
  inspector_.answer->tuned = {3, 1, 5, "3 x 1"};
  const auto repository = Create();
  const auto servable = repository->Resolve("m", "");
  ASSERT_TRUE(servable.ok());
  EXPECT_EQ((*servable)->scheduler().instances(), 3);
  EXPECT_EQ((*servable)->config()->instance_groups.at(0).count, 3);
  EXPECT_EQ((*servable)->config()->max_batch_size, 5);
}

// The variant's bytes are the scheduler's own: they come from a run without an inspector.
TEST_F(InspectionTest, ItsVerdictTakesTheProofsPlace) {
  {
    const auto repository = Create();
    const auto servable = repository->Resolve("m", "");
    ASSERT_TRUE(servable.ok());
    inspector_.answer->verdicts = (*servable)->scheduler().verdicts();
  }
  ASSERT_EQ(inspector_.answer->verdicts.size(), 1u);
  inspector_.answer->verdicts[0].proof = {Verdict::kRefused, "seen to mix rows"};
  const auto repository = Create();
  const auto servable = repository->Resolve("m", "");
  ASSERT_TRUE(servable.ok());
  EXPECT_EQ((*servable)->signature(0)->static_proof.reason, "seen to mix rows");
}

}  // namespace
}  // namespace flambeau
