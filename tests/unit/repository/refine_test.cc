// A version that serves learns from its requests, and another takes its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <condition_variable>
#include <cstring>
#include <future>
#include <mutex>
#include <thread>

#include "backend/fake/fake_backend.h"
#include "repository/repository.h"
#include "repository/statistics.h"
#include "repository/temp_directory.h"

namespace flambeau {
namespace {

using ::testing::SizeIs;

// Answers with `first`, then with `again`; what it is told to remember it keeps.
class FakeInspector final : public Inspector {
 public:
  Result<Inspection> Inspect(const InspectionRequest& request) override {
    std::unique_lock lock(mutex_);
    if (!request.again) return first;
    asked_.push_back(request);
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    return again;
  }
  void Remember(const InspectionRequest&, const FileStamp&, const Inspection& inspection) override {
    const std::lock_guard lock(mutex_);
    remembered_.push_back(inspection);
    changed_.notify_all();
  }
  InspectionRequest AwaitAsked() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !asked_.empty(); });
    return asked_.front();
  }
  Inspection AwaitRemembered() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !remembered_.empty(); });
    return remembered_.front();
  }
  void Hold(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }
  size_t times_asked() {
    const std::lock_guard lock(mutex_);
    return asked_.size();
  }

  Inspection first;
  Result<Inspection> again = Inspection{};

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  std::vector<InspectionRequest> asked_;
  std::vector<Inspection> remembered_;
};

class RefineTest : public ::testing::Test {
 protected:
  RefineTest() { again()->optimizations.Add(Optimization::kFreeze); }

  Inspection* again() { return &*inspector_.again; }
  void Start() {
    for (const char* file : {"m.pt", "n.pt"}) {
      backend_.Register(directory_.Write(file), std::make_shared<FakeModel>(facts_, script_));
    }
    Repository::Options options;
    options.path = directory_.path();
    options.scheduler.max_batch_size = 4;
    auto repository = Repository::Create(
        options, {&backend_, &clock_, &permits_, log_.get(), metrics_.get(), &inspector_});
    ASSERT_TRUE(repository.ok()) << repository.status();
    repository_ = *std::move(repository);
    ASSERT_TRUE(repository_->WaitSettled(clock_.Now() + std::chrono::seconds(60)));
  }
  ServablePtr Serving(const std::string& name = "m") { return *repository_->Resolve(name, ""); }
  static void Ask(const ServablePtr& servable) {
    std::promise<Status> answered;
    // Rows that differ: equal ones would prove nothing.
    Tensor rows = *Tensor::Allocate(DType::kFp32, {2, 3});
    const std::array<float, 6> numbers = {1, 2, 3, 4, 5, 6};
    std::memcpy(rows.mutable_data(), numbers.data(), sizeof(numbers));
    Work work;
    work.arguments = {Value{std::move(rows)}};
    work.done = [&](const Result<Outcome>& outcome) { answered.set_value(outcome.status()); };
    servable->scheduler().Submit(std::move(work));
    EXPECT_TRUE(answered.get_future().get().ok());
  }
  ServablePtr AwaitAnother(const ServablePtr& before) {
    ServablePtr now = before;
    while (now == before) {
      std::this_thread::yield();
      now = Serving(before->name());
    }
    return now;
  }
  // One is refined after the other: what m had to learn it has learned then.
  void AwaitTheOther() {
    while (Serving()->signature(0)->static_proof.verdict != Verdict::kProven) {
      std::this_thread::yield();
    }
    const ServablePtr other = Serving("n");
    Ask(other);
    AwaitAnother(other);
  }

  Facts facts_ = FakeFactsUnknownShape();
  FakeScript script_;
  TempDirectory directory_;
  FakeBackend backend_;
  FakeInspector inspector_;
  SystemClock clock_;
  CorePermits permits_{2};
  std::unique_ptr<Log> log_ = Log::Silent();
  std::unique_ptr<Metrics> metrics_ = Metrics::Create();
  std::unique_ptr<Repository> repository_;
};

TEST_F(RefineTest, IsCheckedAgainWithTheShapesOfARequest) {
  Start();
  Ask(Serving());
  const InspectionRequest request = inspector_.AwaitAsked();
  EXPECT_EQ(request.name, "m");
  EXPECT_EQ(request.scheduler.max_batch_size, 4);
  EXPECT_EQ(request.seen.at(0).at(0)->dims, (Shape{-1, 3}));
}

TEST_F(RefineTest, OneThatRunsAsAdvisedTakesItsPlace) {
  Start();
  const ServablePtr before = Serving();
  again()->seen = {{SeenTensor{DType::kFp32, {-1, 3}}}};
  again()->notes = {"freeze is used"};
  Ask(before);
  const ServablePtr after = AwaitAnother(before);
  EXPECT_THAT(after->facts().notes, ::testing::Contains("freeze is used"));
  const TensorFact& fact = after->signature(0)->arguments[0].tensor;
  EXPECT_EQ(fact.dims, (Shape{-1, 3}));
  EXPECT_EQ(fact.dims_source, FactSource::kObserved) << "which refuses nothing";
  EXPECT_EQ(after->statistics(), before->statistics()) << "it counts on";
  Ask(before);  // still pinned
  Ask(after);
  EXPECT_EQ(repository_->Index().at(0).state, ModelState::kReady);
}

TEST_F(RefineTest, WhereNothingChangesTheServersOwnProofIsKept) {
  *again() = Inspection{};
  again()->seen = {{SeenTensor{DType::kFp32, {-1, 3}}}};
  Start();
  const ServablePtr before = Serving();
  Ask(before);
  const Inspection remembered = inspector_.AwaitRemembered();
  EXPECT_THAT(remembered.seen, SizeIs(1));
  ASSERT_THAT(remembered.verdicts, SizeIs(1));
  EXPECT_EQ(remembered.verdicts[0].proof.verdict, Verdict::kProven);
  EXPECT_EQ(Serving(), before);
}

TEST_F(RefineTest, AProofThatOutlastedItsCheckIsKept) {
  facts_ = FakeFacts();
  inspector_.first.notes = {"freeze is not used"};
  Start();
  const Inspection remembered = inspector_.AwaitRemembered();
  ASSERT_THAT(remembered.verdicts, SizeIs(1));
  EXPECT_EQ(remembered.verdicts[0].rows, 4);
  EXPECT_THAT(remembered.notes, ::testing::ElementsAre("freeze is not used"));
  EXPECT_EQ(inspector_.times_asked(), 0u);
}

TEST_F(RefineTest, OneThatFailsItsCheckServesOn) {
  inspector_.again = InvalidArgument("It crashed.");
  Start();
  const ServablePtr before = Serving();
  Ask(before);
  inspector_.AwaitAsked();
  repository_.reset();  // waits for the check
  EXPECT_EQ(inspector_.times_asked(), 1u);
}

TEST_F(RefineTest, WhatStopsMeanwhileDoesNotComeBack) {
  inspector_.Hold(true);
  Start();
  Ask(Serving());
  inspector_.AwaitAsked();
  repository_->Stop();
  EXPECT_FALSE(repository_->Settled()) << "a check is in progress";
  inspector_.Hold(false);
  while (!repository_->Settled()) std::this_thread::yield();
  EXPECT_FALSE(repository_->Resolve("m", "").ok());
}

TEST_F(RefineTest, AFileThatChangesMeanwhileTakesNoPlace) {
  inspector_.Hold(true);
  Start();
  const ServablePtr before = Serving();
  Ask(before);
  inspector_.AwaitAsked();
  directory_.Write("m.pt", "another model");
  inspector_.Hold(false);
  AwaitTheOther();
  EXPECT_EQ(Serving(), before);
}

TEST_F(RefineTest, AFileThatHasChangedIsNotCheckedAgain) {
  Start();
  const ServablePtr before = Serving();
  directory_.Write("m.pt", "another model");
  Ask(before);
  AwaitTheOther();
  EXPECT_EQ(inspector_.times_asked(), 1u) << "n alone";
}

}  // namespace
}  // namespace flambeau
