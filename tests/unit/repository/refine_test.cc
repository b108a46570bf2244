// A version that serves learns from its requests, and another takes its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "backend/fake/fake_backend.h"
#include "repository/repository.h"
#include "repository/statistics.h"
#include "repository/temp_directory.h"

namespace flambeau {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A first check tells `first`, another advises to freeze unless `again` has another answer for the
// model; what is to be remembered it keeps.
class FakeInspector final : public Inspector {
 public:
  Result<Inspection> Inspect(const InspectionRequest& request) override {
    std::unique_lock lock(mutex_);
    if (!request.again) return first;
    asked_.push_back(request);
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    if (const auto found = again.find(request.name); found != again.end()) return found->second;
    Inspection advice;
    advice.optimizations.Add(Optimization::kFreeze);
    advice.seen = request.seen;
    advice.notes = {"freeze is used"};
    return advice;
  }
  void Remember(const InspectionRequest& request, const FileStamp&,
                const Inspection& inspection) override {
    const std::lock_guard lock(mutex_);
    remembered_[request.name] = inspection;
    changed_.notify_all();
  }
  InspectionRequest AwaitAsked() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !asked_.empty(); });
    return asked_.front();
  }
  Inspection AwaitRemembered(const std::string& name) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return remembered_.count(name) > 0; });
    return remembered_[name];
  }
  void Hold(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }
  std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const InspectionRequest& request : asked_) names.push_back(request.name);
    return names;
  }

  Inspection first;
  std::map<std::string, Result<Inspection>> again;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  std::vector<InspectionRequest> asked_;
  std::map<std::string, Inspection> remembered_;
};

// Any file is the model.
class CountingBackend final : public Backend {
 public:
  std::string name() const override { return "counting"; }
  std::string version() const override { return "1"; }
  Result<std::string> ResolveDevice(const std::string& wanted) override { return wanted; }
  Result<std::shared_ptr<Model>> Load(const std::string& path,
                                      const LoadOptions& options) override {
    ++loads;
    if (path == refused || (refuses_optimized && !options.optimizations.empty())) {
      return refusal;
    }
    return std::shared_ptr<Model>(std::make_shared<FakeModel>(facts, FakeScript()));
  }

  Facts facts = FakeFactsUnknownShape();
  std::string refused;
  Status refusal = InvalidArgument("It does not load.");
  std::atomic<bool> refuses_optimized{false};
  std::atomic<int> loads{0};
};

class RefineTest : public ::testing::Test {
 protected:
  RefineTest() {
    for (const char* file : {"m/1/model.pt", "n.pt"}) directory_.Write(file);
  }
  void Start() {
    Repository::Options options;
    options.path = directory_.path();
    options.control = ModelControl::kExplicit;
    options.load_at_start = {"*"};
    options.scheduler.max_batch_size = 4;
    auto repository = Repository::Create(
        options, {&backend_, &clock_, &permits_, log_.get(), metrics_.get(), &inspector_});
    ASSERT_TRUE(repository.ok()) << repository.status();
    repository_ = *std::move(repository);
    ASSERT_TRUE(repository_->WaitSettled(clock_.Now() + std::chrono::seconds(60)));
  }
  ServablePtr Serving(const std::string& name = "m", const std::string& version = "") {
    return *repository_->Resolve(name, version);
  }
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
  static void AwaitProof(const ServablePtr& servable) {
    while (servable->signature(0)->static_proof.verdict != Verdict::kProven) {
      std::this_thread::yield();
    }
  }
  ServablePtr AwaitAnother(const ServablePtr& before) {
    ServablePtr now = before;
    while (now == before) {
      std::this_thread::yield();
      now = Serving(before->name());
    }
    return now;
  }
  // One is refined after the other: what came before n is done.
  void RefineTheOther() {
    const ServablePtr other = Serving("n");
    Ask(other);
    AwaitAnother(other);
  }
  template <typename Change>
  void ChangeInCheck(const Change& change) {
    inspector_.Hold(true);
    Ask(Serving());
    inspector_.AwaitAsked();
    change();
    inspector_.Hold(false);
  }
  Status Do(const std::function<void(LoadDone)>& job) {
    std::promise<Status> answered;
    job([&](const Status& status) { answered.set_value(status); });
    return answered.get_future().get();
  }

  TempDirectory directory_;
  CountingBackend backend_;
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
  Ask(before);
  const ServablePtr after = AwaitAnother(before);
  EXPECT_THAT(after->facts().notes, Contains("freeze is used"));
  const TensorFact& fact = after->signature(0)->arguments[0].tensor;
  EXPECT_EQ(fact.dims, (Shape{-1, 3}));
  EXPECT_EQ(fact.dims_source, FactSource::kObserved) << "which refuses nothing";
  EXPECT_EQ(after->statistics(), before->statistics()) << "it counts on";
  Ask(before);  // still pinned
  Ask(after);
  EXPECT_EQ(repository_->Index().at(0).state, ModelState::kReady);
  const Inspection remembered = inspector_.AwaitRemembered("m");
  EXPECT_TRUE(remembered.optimizations.Has(Optimization::kFreeze));
  EXPECT_THAT(remembered.seen, SizeIs(1));
}

TEST_F(RefineTest, WhereNothingChangesTheServersOwnProofIsKept) {
  Inspection same;
  same.seen = {{SeenTensor{DType::kFp32, {-1, 3}}}};
  same.notes = {"freeze is not used"};
  inspector_.again.emplace("m", same);
  Start();
  const ServablePtr before = Serving();
  Ask(before);
  const Inspection remembered = inspector_.AwaitRemembered("m");
  EXPECT_THAT(remembered.seen, SizeIs(1));
  EXPECT_THAT(remembered.notes, ElementsAre("freeze is not used"));
  ASSERT_THAT(remembered.verdicts, SizeIs(1));
  EXPECT_EQ(remembered.verdicts[0].proof.verdict, Verdict::kProven);
  EXPECT_EQ(Serving(), before);
}

TEST_F(RefineTest, AProofThatOutlastedItsCheckIsKept) {
  backend_.facts = FakeFacts();
  inspector_.first.notes = {"freeze is not used"};
  Start();
  const Inspection remembered = inspector_.AwaitRemembered("m");
  ASSERT_THAT(remembered.verdicts, SizeIs(1));
  EXPECT_EQ(remembered.verdicts[0].rows, 4);
  EXPECT_THAT(remembered.notes, ElementsAre("freeze is not used"));
  EXPECT_THAT(inspector_.asked(), IsEmpty());
}

TEST_F(RefineTest, OneThatFailsItsCheckServesOn) {
  inspector_.again.emplace("m", InvalidArgument("It crashed."));
  Start();
  const ServablePtr before = Serving();
  Ask(before);
  inspector_.AwaitAsked();
  RefineTheOther();
  EXPECT_EQ(Serving(), before);
  EXPECT_THAT(inspector_.asked(), ElementsAre("m", "n"));
  const Inspection remembered = inspector_.AwaitRemembered("m");
  EXPECT_THAT(remembered.verdicts, SizeIs(1));
  EXPECT_THAT(remembered.seen, IsEmpty()) << "it was not tried to the end";
}

TEST_F(RefineTest, WhatDoesNotLoadAsAdvisedIsNotAdvisedAgain) {
  backend_.refuses_optimized = true;
  Start();
  const ServablePtr before = Serving();
  Ask(before);
  const Inspection remembered = inspector_.AwaitRemembered("m");
  EXPECT_TRUE(remembered.optimizations.empty());
  EXPECT_THAT(remembered.seen, SizeIs(1));
  EXPECT_THAT(remembered.verdicts, SizeIs(1));
  EXPECT_EQ(Serving(), before);
}

TEST_F(RefineTest, WhatDoesNotLoadForLackOfMemoryIsTriedAgainAtTheNextStart) {
  backend_.refusal = ResourceExhausted("There is no memory.");
  backend_.refuses_optimized = true;
  Start();
  Ask(Serving());
  EXPECT_THAT(inspector_.AwaitRemembered("m").seen, IsEmpty());
}

TEST_F(RefineTest, WhatStopsMeanwhileIsNotLoadedAgain) {
  Start();
  const int loads = backend_.loads;
  ChangeInCheck([this] {
    repository_->Stop();
    EXPECT_FALSE(repository_->Settled()) << "a check is in progress";
  });
  while (!repository_->Settled()) std::this_thread::yield();
  EXPECT_EQ(backend_.loads, loads);
}

TEST_F(RefineTest, WhatIsUnloadedMeanwhileIsFreedAtOnceAndDoesNotComeBack) {
  Start();
  const int loads = backend_.loads;
  const std::weak_ptr<Servable> before = Serving();
  ChangeInCheck([&] {
    EXPECT_TRUE(Do([this](LoadDone done) { repository_->Unload("m", std::move(done)); }).ok());
    while (!before.expired()) std::this_thread::yield();
  });
  RefineTheOther();
  EXPECT_FALSE(repository_->Resolve("m", "").ok());
  EXPECT_EQ(backend_.loads, loads + 1) << "n alone";
}

TEST_F(RefineTest, AFileThatChangesMeanwhileTakesNoPlace) {
  Start();
  const ServablePtr before = Serving();
  ChangeInCheck([this] { directory_.Write("m/1/model.pt", "another model"); });
  RefineTheOther();
  EXPECT_EQ(Serving(), before);
}

TEST_F(RefineTest, AFileThatHasChangedIsNotCheckedAgain) {
  Start();
  const ServablePtr before = Serving();
  directory_.Write("m/1/model.pt", "another model");
  Ask(before);
  AwaitProof(before);
  RefineTheOther();
  EXPECT_THAT(inspector_.asked(), ElementsAre("n"));
}

// The configuration of a load that failed in part is that of the versions that it loaded.
TEST_F(RefineTest, IsCheckedAsItWasConfigured) {
  directory_.Write("m/2/model.pt");
  directory_.Write("m/config.pbtxt", "version_policy { all { } }");
  Start();
  for (const char* file : {"m/1/model.pt", "m/2/model.pt"}) directory_.Write(file, "new model");
  backend_.refused = directory_ / "m/2/model.pt";
  const std::string config = R"({"max_batch_size": 3, "version_policy": {"all": {}}})";
  EXPECT_FALSE(Do([&](LoadDone done) { repository_->Load("m", config, std::move(done)); }).ok());
  Ask(Serving("m", "1"));
  const InspectionRequest request = inspector_.AwaitAsked();
  ASSERT_NE(request.config, nullptr);
  EXPECT_EQ(request.config->max_batch_size, 3);
}

}  // namespace
}  // namespace flambeau
