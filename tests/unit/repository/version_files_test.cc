// flambeau.json and examples.json, inside and beside a model.
#include "repository/version_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "backend/fake/fake_backend.h"
#include "repository/repository.h"
#include "repository/temp_directory.h"

namespace flambeau {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

VersionToLoad Version(const TempDirectory& directory, const std::string& file) {
  return {"m", 3, directory / file, directory / "m", nullptr};
}

std::string Beside(const VersionToLoad& version) {
  const auto text = ReadBeside(version, "flambeau.json", 100);
  return text.ok() ? text->value_or("none") : std::string(Message(text.status()));
}

TEST(VersionFilesTest, TheNearestFileCounts) {
  const TempDirectory directory;
  const VersionToLoad version = Version(directory, "m/3/model.pt");
  directory.Write("m/3/model.pt");
  EXPECT_EQ(Beside(version), "none");
  directory.Write("m/flambeau.json", "the model's");
  EXPECT_EQ(Beside(version), "the model's");
  directory.Write("m/3/flambeau.json", "the version's");
  EXPECT_EQ(Beside(version), "the version's");
  EXPECT_THAT(FilesBeside(version),
              ElementsAre(directory / "m/3/flambeau.json", directory / "m/3/examples.json",
                          directory / "m/flambeau.json", directory / "m/examples.json"));
}

TEST(VersionFilesTest, ASingleFileHasNothingBesideIt) {
  const TempDirectory directory;
  directory.Write("flambeau.json", "of nobody");
  const VersionToLoad version{"m", 1, directory.Write("m.pt"), "", nullptr};
  EXPECT_EQ(Beside(version), "none");
  EXPECT_THAT(FilesBeside(version), ElementsAre());
}

TEST(VersionFilesTest, WhatCannotBeReadIsNamed) {
  const TempDirectory directory;
  const VersionToLoad version = Version(directory, "m/model.pt");
  directory.Write("m/model.pt");
  directory.Write("m/flambeau.json", "");
  EXPECT_EQ(Beside(version), "'flambeau.json' is empty; remove it or fill it.");
  directory.Write("m/flambeau.json", std::string(101, ' '));
  EXPECT_THAT(Beside(version), HasSubstr("'flambeau.json' must be at most 100 bytes"));
  std::filesystem::remove(directory / "m/flambeau.json");
  std::filesystem::create_symlink(directory.Write("secret.json", "{}"),
                                  directory / "m/flambeau.json");
  EXPECT_THAT(Beside(version), HasSubstr("'flambeau.json' is a symbolic link"));
}

// A model file that holds what the file says.
class InsideBackend final : public Backend {
 public:
  std::string name() const override { return "inside"; }
  std::string version() const override { return "1"; }
  Result<std::string> ResolveDevice(const std::string& wanted) override { return wanted; }
  Result<std::shared_ptr<Model>> Load(const std::string& path, const LoadOptions&) override {
    std::ifstream file(path);
    Facts facts = FakeFacts();
    facts.manifest = std::string(std::istreambuf_iterator<char>(file), {});
    return std::shared_ptr<Model>(std::make_shared<FakeModel>(facts, FakeScript()));
  }
};

class ManifestLoadTest : public ::testing::Test {
 protected:
  void Start() {
    Repository::Options options;
    options.path = directory_.path();
    options.control = ModelControl::kExplicit;
    options.load_at_start = {"*"};
    const ExampleCheck check = [this](const ExamplesText& examples, Servable& servable, Clock&,
                                      TimePoint) {
      checked_.push_back(examples.text);
      EXPECT_EQ(servable.name(), "m");
      return examples.text == "[0]" ? InvalidArgument("examples.json: example 1 does not match.")
                                    : OkStatus();
    };
    auto repository = Repository::Create(
        options, {&backend_, &clock_, &permits_, log_.get(), metrics_.get(), nullptr, check});
    ASSERT_TRUE(repository.ok()) << repository.status();
    repository_ = *std::move(repository);
    ASSERT_TRUE(repository_->WaitSettled(clock_.Now() + std::chrono::seconds(60)));
  }
  Status Load() {
    std::promise<Status> answered;
    repository_->Load("m", std::nullopt, [&](const Status& s) { answered.set_value(s); });
    return answered.get_future().get();
  }

  TempDirectory directory_;
  InsideBackend backend_;
  SystemClock clock_;
  CorePermits permits_{2};
  std::unique_ptr<Log> log_ = Log::Silent();
  std::unique_ptr<Metrics> metrics_ = Metrics::Create();
  std::vector<std::string> checked_;
  std::unique_ptr<Repository> repository_;
};

constexpr char kNamed[] = R"({"inputs": [{"name": "image", "dims": [-1, 2]}],
                              "outputs": [{"name": "class", "labels": ["cat", "dog"]}]})";

TEST_F(ManifestLoadTest, NamesShapesAndLabelsAreShown) {
  directory_.Write("m.pt", kNamed);
  Start();
  const auto servable = repository_->Resolve("m", "");
  ASSERT_TRUE(servable.ok()) << servable.status();
  const auto signature = (*servable)->signature(0);
  EXPECT_EQ(signature->arguments[0].name, "image");
  EXPECT_EQ(signature->arguments[0].tensor.dims_source, FactSource::kDeclared);
  ASSERT_EQ(signature->results.size(), 1u);
  EXPECT_EQ(signature->results[0].name, "class");
  const auto config = (*servable)->config();
  ASSERT_EQ(config->inputs.size(), 1u);
  // Proven, so there is a batch, which a configuration leaves out of dims.
  EXPECT_GT(config->max_batch_size.value_or(0), 0);
  EXPECT_EQ(config->inputs[0].dims, Shape({2}));
  EXPECT_THAT(config->outputs[0].labels, ElementsAre("cat", "dog"));
}

TEST_F(ManifestLoadTest, AFileBesideBeatsTheOneInside) {
  directory_.Write("m/model.pt", kNamed);
  directory_.Write("m/flambeau.json", R"({"description": "beside", "examples": [1]})");
  Start();
  const auto servable = repository_->Resolve("m", "");
  ASSERT_TRUE(servable.ok()) << servable.status();
  EXPECT_EQ((*servable)->description(), "beside");
  EXPECT_EQ((*servable)->signature(0)->arguments[0].name, "x");
  EXPECT_THAT(checked_, ElementsAre("[1]"));
}

TEST_F(ManifestLoadTest, AMethodThatThereIsNotFailsTheLoad) {
  directory_.Write("m.pt", R"({"methods": {"embed": {}}})");
  Start();
  EXPECT_THAT(std::string(Message(repository_->Resolve("m", "").status())),
              HasSubstr("flambeau.json: methods.embed is not a method of the model."));
}

TEST_F(ManifestLoadTest, AContradictionFailsTheLoad) {
  directory_.Write("m.pt", R"({"inputs": [{"name": "image", "dims": [-1, 3]}]})");
  Start();
  const auto servable = repository_->Resolve("m", "");
  EXPECT_THAT(std::string(Message(servable.status())),
              HasSubstr("input 'image' has shape [-1,3], but the model takes [-1,2]"));
}

TEST_F(ManifestLoadTest, AFileBesideIsReadAnewWhenItChanges) {
  directory_.Write("m/model.pt", kNamed);
  Start();
  EXPECT_THAT(checked_, ElementsAre());
  directory_.Write("m/examples.json", "[1]");
  EXPECT_TRUE(Load().ok());
  EXPECT_THAT(checked_, ElementsAre("[1]"));
  EXPECT_TRUE(Load().ok());  // nothing has changed
  EXPECT_EQ(checked_.size(), 1u);
}

TEST_F(ManifestLoadTest, AVersionThatFailsItsExamplesNeverServes) {
  directory_.Write("m/1/model.pt", "");
  directory_.Write("m/1/examples.json", "[1]");
  Start();
  EXPECT_EQ((*repository_->Resolve("m", ""))->version(), 1);
  directory_.Write("m/2/model.pt", "");
  directory_.Write("m/2/examples.json", "[0]");
  EXPECT_THAT(std::string(Message(Load())), HasSubstr("example 1 does not match"));
  EXPECT_EQ((*repository_->Resolve("m", ""))->version(), 1);
  EXPECT_EQ(repository_->Resolve("m", "2").status().code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace flambeau
