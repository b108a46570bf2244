#include "repository/repository.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "backend/fake/fake_backend.h"
#include "backend/fake/fake_journal.h"
#include "repository/temp_directory.h"

namespace flambeau {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A backend whose loads a test can hold, over the fake one.
class HeldBackend final : public Backend {
 public:
  std::string name() const override { return "held"; }
  std::string version() const override { return "1"; }
  Result<std::string> ResolveDevice(const std::string& wanted) override { return wanted; }
  Result<std::shared_ptr<Model>> Load(const std::string& path,
                                      const LoadOptions& options) override {
    latch.Pass();
    return fake.Load(path, options);
  }

  FakeLatch latch;
  FakeBackend fake;
};

class RepositoryTest : public ::testing::Test {
 protected:
  // A file in the directory that loads as a sound model.
  void AddModel(const std::string& file, FakeScript script = {}) {
    backend_.fake.Register(directory_.Write(file),
                           std::make_shared<FakeModel>(FakeFacts(), std::move(script)));
  }
  Result<std::unique_ptr<Repository>> Create(const std::string& default_model = "") {
    Repository::Options options;
    options.path = directory_.path();
    options.default_model = default_model;
    return Repository::Create(options, {&backend_, &clock_, &permits_, log_.get(), metrics_.get()});
  }
  std::unique_ptr<Repository> CreateSettled(const std::string& default_model = "") {
    auto repository = Create(default_model);
    EXPECT_TRUE(repository.ok()) << repository.status();
    EXPECT_TRUE((*repository)->WaitSettled(clock_.Now() + std::chrono::seconds(60)));
    return *std::move(repository);
  }
  StatusCode CodeOf(const Repository& repository, std::string_view name,
                    std::string_view version = "") {
    return repository.Resolve(name, version).status().code();
  }

  TempDirectory directory_;
  HeldBackend backend_;
  SystemClock clock_;
  CorePermits permits_{2};
  std::unique_ptr<Log> log_ = Log::Silent();
  std::unique_ptr<Metrics> metrics_ = Metrics::Create();
};

TEST_F(RepositoryTest, ABadFileIsReportedAndTheRestServe) {
  AddModel("good.pt");
  directory_.Write("bad.pt", "not a model");
  const auto repository = CreateSettled();
  const std::vector<IndexEntry> index = repository->Index();
  ASSERT_EQ(index.size(), 2u);
  EXPECT_EQ(index[0].name, "bad");
  EXPECT_EQ(index[0].state, ModelState::kUnavailable);
  EXPECT_NE(index[0].reason, "");
  EXPECT_EQ(index[1].state, ModelState::kReady);
  EXPECT_EQ(index[1].reason, "");
  EXPECT_EQ(CodeOf(*repository, "bad"), StatusCode::kUnavailable);
  const auto servable = repository->Resolve("good", "1");
  ASSERT_TRUE(servable.ok());
  EXPECT_EQ((*servable)->name(), "good");
  EXPECT_EQ((*servable)->version(), 1);
  const std::string text = metrics_->Expose();
  EXPECT_THAT(text,
              HasSubstr(R"(flambeau_model_state{model="bad",state="UNAVAILABLE",version="1"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(flambeau_model_state{model="good",state="READY",version="1"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(nv_model_load_duration_secs{model="good",version="1"})"));
}

TEST_F(RepositoryTest, ANameThatIsThereTwiceIsUnavailable) {
  AddModel("a.pt");
  AddModel("a/model.pt");
  AddModel("b.pt");
  const auto repository = CreateSettled();
  EXPECT_EQ(CodeOf(*repository, "a"), StatusCode::kUnavailable);
  EXPECT_EQ(CodeOf(*repository, "b"), StatusCode::kOk);
}

TEST_F(RepositoryTest, ResolveTellsWhatIsWrong) {
  AddModel("m/3/model.pt");
  AddModel("m/2/model.pt");
  const auto repository = CreateSettled();
  EXPECT_EQ(CodeOf(*repository, "m", "3"), StatusCode::kOk);
  EXPECT_EQ(CodeOf(*repository, "m", "2"), StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(*repository, "m", "99999999999999999999"), StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(*repository, "m", "-3"), StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(*repository, "m", "latest"), StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(*repository, "../m"), StatusCode::kInvalidArgument);
  const auto unknown = repository->Resolve("n", "");
  EXPECT_EQ(unknown.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(std::string(Message(unknown.status())), HasSubstr("the models are: m"));
}

TEST_F(RepositoryTest, NoNameMeansTheOnlyModel) {
  AddModel("only.pt");
  const auto repository = CreateSettled();
  const auto servable = repository->Resolve("", "");
  ASSERT_TRUE(servable.ok());
  EXPECT_EQ((*servable)->name(), "only");
}

TEST_F(RepositoryTest, NoNameAmongSeveralMeansTheDefaultOrIsRefused) {
  AddModel("a.pt");
  AddModel("b.pt");
  const Status refused = CreateSettled()->Resolve("", "").status();
  EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(refused)), HasSubstr("a, b"));
  EXPECT_EQ((*CreateSettled("b")->Resolve("", ""))->name(), "b");
  const Status absent = Create("c").status();
  EXPECT_EQ(absent.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(absent)), HasSubstr("--default-model"));
}

TEST_F(RepositoryTest, AnEmptyDirectoryServesNothingAndIsSettled) {
  const auto repository = CreateSettled();
  EXPECT_TRUE(repository->Settled());
  EXPECT_EQ(CodeOf(*repository, ""), StatusCode::kNotFound);
}

TEST_F(RepositoryTest, IsUnavailableWhileLoading) {
  AddModel("m.pt");
  backend_.latch.Close();
  auto repository = Create();
  ASSERT_TRUE(repository.ok());
  backend_.latch.AwaitHeld(1);
  EXPECT_FALSE((*repository)->Settled());
  EXPECT_FALSE((*repository)->WaitSettled(clock_.Now()));
  EXPECT_EQ(CodeOf(**repository, "m"), StatusCode::kUnavailable);
  EXPECT_EQ((*repository)->Index()[0].state, ModelState::kLoading);
  backend_.latch.Open();
  EXPECT_TRUE((*repository)->WaitSettled(clock_.Now() + std::chrono::seconds(60)));
  EXPECT_EQ(CodeOf(**repository, "m"), StatusCode::kOk);
}

TEST_F(RepositoryTest, LoadsOnNoMoreThreadsThanAsked) {
  for (const char* file : {"a.pt", "b.pt", "c.pt", "d.pt"}) AddModel(file);
  backend_.latch.Close();
  auto repository = Create();
  ASSERT_TRUE(repository.ok());
  backend_.latch.AwaitHeld(2);
  // Two are held, so the others are still waiting: stopping drops those and not these.
  (*repository)->Stop();
  EXPECT_FALSE((*repository)->Settled());
  backend_.latch.Open();
  EXPECT_TRUE((*repository)->WaitSettled(clock_.Now() + std::chrono::seconds(60)));
  for (const IndexEntry& entry : (*repository)->Index()) {
    EXPECT_EQ(entry.state, ModelState::kUnavailable) << entry.name;
    EXPECT_EQ(entry.reason, "the server is stopping") << entry.name;
  }
}

TEST_F(RepositoryTest, StopAnswersNewWorkOfAPinnedVersionUnavailable) {
  AddModel("m.pt");
  const auto repository = CreateSettled();
  const ServablePtr servable = *repository->Resolve("m", "");
  repository->Stop();
  EXPECT_EQ(CodeOf(*repository, "m"), StatusCode::kUnavailable);
  std::promise<Status> answered;
  Work work;
  work.arguments.resize(1);
  work.arguments[0].data = *Tensor::Allocate(DType::kFp32, {1, 2});
  work.done = [&](const Result<Outcome>& outcome) { answered.set_value(outcome.status()); };
  servable->scheduler().Submit(std::move(work));
  EXPECT_EQ(answered.get_future().get().code(), StatusCode::kUnavailable);
}

TEST_F(RepositoryTest, AModelWhoseInstanceFailsIsUnavailable) {
  FakeScript script;
  script.instance_failure = ResourceExhausted("no memory for an instance");
  AddModel("m.pt", std::move(script));
  const auto repository = CreateSettled();
  EXPECT_EQ(repository->Index()[0].reason, "no memory for an instance");
  EXPECT_THAT(metrics_->Expose(), Not(HasSubstr("nv_inference_count{model=\"m\"")));
}

TEST_F(RepositoryTest, ASignatureGrowsByWhatWorked) {
  backend_.fake.Register(directory_.Write("m.pt"),
                         std::make_shared<FakeModel>(FakeFactsUnknownShape(), FakeScript{}));
  const auto repository = CreateSettled();
  const ServablePtr servable = *repository->Resolve("m", "");
  EXPECT_EQ(servable->signature(0)->arguments[0].tensor.dims_source, FactSource::kUnknown);
  std::promise<void> answered;
  Work work;
  work.arguments.resize(1);
  Tensor tensor = *Tensor::Allocate(DType::kFp32, {1, 3});
  std::fill_n(reinterpret_cast<float*>(tensor.mutable_data()), 3, 1.5f);
  work.arguments[0].data = tensor;
  work.done = [&](const Result<Outcome>& outcome) {
    EXPECT_TRUE(outcome.ok());
    answered.set_value();
  };
  servable->scheduler().Submit(std::move(work));
  answered.get_future().wait();
  const auto signature = servable->signature(0);
  EXPECT_EQ(signature->arguments[0].tensor.dims, Shape({-1, 3}));
  EXPECT_EQ(signature->arguments[0].tensor.dtype_source, FactSource::kObserved);
  ASSERT_EQ(signature->results.size(), 1u);
  EXPECT_EQ(signature->results[0].tensor.dims, Shape({-1, 3}));
}

TEST_F(RepositoryTest, FindsMethodsByName) {
  AddModel("m.pt");
  const auto repository = CreateSettled();
  const ServablePtr servable = *repository->Resolve("m", "");
  EXPECT_EQ(servable->FindMethod("forward"), 0);
  EXPECT_EQ(servable->FindMethod("backward"), -1);
}

}  // namespace
}  // namespace flambeau
