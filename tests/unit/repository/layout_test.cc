#include "repository/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "repository/repository.h"
#include "repository/temp_directory.h"

namespace flambeau {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A version and its model's name.
struct Found {
  std::string name;
  int64_t version = 0;
  std::string file;
  std::string problem;
};

struct Scanned {
  std::vector<Found> models;
  std::vector<SkippedEntry> skipped;
};

Scanned Scan(const std::string& path, const ModelConfig& config = {}) {
  Result<Layout> layout = ScanLayout(path);
  EXPECT_TRUE(layout.ok()) << layout.status();
  if (!layout.ok()) return {};
  Scanned scanned{{}, layout->skipped};
  for (const FoundModel& model : layout->models) {
    for (const FoundVersion& version : FindVersions(model, config)) {
      scanned.models.push_back({model.name, version.version, version.file, version.problem});
    }
  }
  return scanned;
}

// The only version found.
Found ScanOne(const TempDirectory& directory, const ModelConfig& config = {}) {
  const Scanned scanned = Scan(directory.path(), config);
  EXPECT_EQ(scanned.models.size(), 1u);
  return scanned.models.empty() ? Found{} : scanned.models.front();
}

TEST(LayoutTest, FindsTheThreeFormsByName) {
  const TempDirectory directory;
  const std::string c = directory.Write("c/2/model.pt");
  const std::string a = directory.Write("a.pt");
  const std::string b = directory.Write("b/model.ptl");
  const Scanned layout = Scan(directory.path());
  ASSERT_EQ(layout.models.size(), 3u);
  EXPECT_EQ(layout.models[0].name, "a");
  EXPECT_EQ(layout.models[0].version, 1);
  EXPECT_EQ(layout.models[0].file, a);
  EXPECT_EQ(layout.models[1].name, "b");
  EXPECT_EQ(layout.models[1].version, 1);
  EXPECT_EQ(layout.models[1].file, b);
  EXPECT_EQ(layout.models[2].name, "c");
  EXPECT_EQ(layout.models[2].version, 2);
  EXPECT_EQ(layout.models[2].file, c);
}

TEST(LayoutTest, TheHighestVersionByNumberServes) {
  const TempDirectory directory;
  directory.Write("m/9/model.pt");
  const std::string ten = directory.Write("m/10/model.pt");
  directory.Write("m/011/model.pt");  // not a version: it would be 11 twice
  directory.Write("m/notes/readme.txt");
  const Found model = ScanOne(directory);
  EXPECT_EQ(model.version, 10);
  EXPECT_EQ(model.file, ten);
}

TEST(LayoutTest, OneFileIsOneModel) {
  const TempDirectory directory;
  const Scanned layout = Scan(directory.Write("digits.pt"));
  ASSERT_EQ(layout.models.size(), 1u);
  EXPECT_EQ(layout.models[0].name, "digits");
  EXPECT_EQ(layout.models[0].version, 1);
}

TEST(LayoutTest, AFileBesideADirectoryOfTheSameNameRefusesBoth) {
  const TempDirectory directory;
  directory.Write("a.pt");
  directory.Write("a/model.pt");
  const Found model = ScanOne(directory);
  EXPECT_EQ(model.file, "");
  EXPECT_EQ(model.version, 0);
  EXPECT_THAT(model.problem, HasSubstr("twice"));
}

TEST(LayoutTest, AmbiguousOrEmptyDirectoriesAreProblems) {
  const TempDirectory directory;
  directory.Write("both/model.pt");
  directory.Write("both/1/model.pt");
  directory.Write("empty/readme.txt");
  directory.Write("hollow/3/weights.bin");
  directory.Write("two/model.pt");
  directory.Write("two/model.ptl");
  const Scanned layout = Scan(directory.path());
  ASSERT_EQ(layout.models.size(), 4u);
  for (const Found& model : layout.models) {
    EXPECT_EQ(model.file, "") << model.name;
    EXPECT_THAT(model.problem, Not(IsEmpty())) << model.name;
    EXPECT_THAT(model.problem, Not(HasSubstr(directory.path()))) << "tells the host's paths";
  }
  EXPECT_EQ(layout.models[2].name, "hollow");
  EXPECT_EQ(layout.models[2].version, 3);
}

TEST(LayoutTest, EveryExtensionOfTorchScriptIsAModel) {
  const TempDirectory directory;
  for (const char* file :
       {"a.pt", "b.pth", "c.ptl", "d.jit", "e.torchscript", "f/model.pth", "g/7/model.jit"}) {
    directory.Write(file);
  }
  for (const char* file : {"h.onnx", "i.pt2", "j.bin", "k.pt.gz"}) directory.Write(file);
  const Scanned layout = Scan(directory.path());
  ASSERT_EQ(layout.models.size(), 7u);
  for (const Found& model : layout.models) EXPECT_EQ(model.problem, "") << model.name;
  EXPECT_EQ(layout.models[6].version, 7);
  ASSERT_EQ(layout.skipped.size(), 4u);
  EXPECT_THAT(layout.skipped[0].reason, HasSubstr(".pt, .pth, .ptl, .jit or .torchscript"));
}

TEST(LayoutTest, ABadNameIsSkippedAndSaid) {
  const TempDirectory directory;
  directory.Write("my model.pt");
  directory.Write("fine.pt");
  directory.Write("readme.md");
  directory.Write(".hidden.pt");
  const Scanned layout = Scan(directory.path());
  ASSERT_EQ(layout.models.size(), 1u);
  EXPECT_EQ(layout.models[0].name, "fine");
  ASSERT_EQ(layout.skipped.size(), 2u);
  EXPECT_EQ(layout.skipped[0].entry, "my model.pt");
  EXPECT_EQ(layout.skipped[1].entry, "readme.md");
}

TEST(LayoutTest, LinksMayStayInsideButNotLeave) {
  const TempDirectory outside;
  const TempDirectory directory;
  fs::create_symlink(outside.Write("secret.pt"), directory / "file.pt");
  outside.Write("whole/model.pt");
  fs::create_directory_symlink(outside / "whole", directory / "folder");
  fs::create_directory(directory / "inner");
  fs::create_symlink(outside / "secret.pt", directory / "inner/model.pt");
  directory.Write(".data/real.pt");
  fs::create_symlink(".data/real.pt", directory / "kept.pt");
  const Scanned layout = Scan(directory.path());
  ASSERT_EQ(layout.models.size(), 4u);
  EXPECT_THAT(layout.models[0].problem, HasSubstr("link")) << layout.models[0].name;
  EXPECT_THAT(layout.models[1].problem, HasSubstr("link")) << layout.models[1].name;
  EXPECT_THAT(layout.models[2].problem, HasSubstr("link")) << layout.models[2].name;
  EXPECT_EQ(layout.models[3].name, "kept");
  EXPECT_EQ(layout.models[3].problem, "");
}

TEST(LayoutTest, APipeIsNotReadFrom) {
  const TempDirectory directory;
  ASSERT_EQ(mkfifo((directory / "pipe.pt").c_str(), 0600), 0);
  EXPECT_THAT(ScanOne(directory).problem, HasSubstr("regular file"));
}

TEST(LayoutTest, RefusesWhatIsNoModelPath) {
  const TempDirectory directory;
  EXPECT_EQ(ScanLayout(directory / "absent").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(ScanLayout(directory.Write("notes.txt")).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ScanLayout(directory.Write("my model.pt")).status().code(),
            StatusCode::kInvalidArgument);
  const TempDirectory empty;
  EXPECT_THAT(Scan(empty.path()).models, IsEmpty());
}

TEST(ModelNameTest, IsShortAndPlain) {
  EXPECT_TRUE(IsModelName("Digits-v1.2_x"));
  EXPECT_TRUE(IsModelName(std::string(128, 'a')));
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".."), std::string(".x"), std::string("a/b"),
        std::string("a b"), std::string("a\0b", 3), std::string("\xc3\xa9"),
        std::string(129, 'a')}) {
    EXPECT_FALSE(IsModelName(bad)) << bad;
  }
}

std::vector<int64_t> VersionsOf(const TempDirectory& directory, const ModelConfig& config) {
  std::vector<int64_t> versions;
  for (const Found& found : Scan(directory.path(), config).models) {
    versions.push_back(found.problem.empty() ? found.version : -found.version);
  }
  return versions;
}

TEST(LayoutTest, TheVersionPolicyChooses) {
  const TempDirectory directory;
  for (const char* version : {"1", "2", "10"}) {
    directory.Write(std::string("m/") + version + "/model.pt");
  }
  ModelConfig config;
  EXPECT_EQ(VersionsOf(directory, config), (std::vector<int64_t>{10}));
  config.version_policy.latest = 2;
  EXPECT_EQ(VersionsOf(directory, config), (std::vector<int64_t>{2, 10}));
  config.version_policy.latest = 9;
  EXPECT_EQ(VersionsOf(directory, config), (std::vector<int64_t>{1, 2, 10}));
  config.version_policy.kind = ConfigVersionPolicy::Kind::kAll;
  EXPECT_EQ(VersionsOf(directory, config), (std::vector<int64_t>{1, 2, 10}));
  config.version_policy.kind = ConfigVersionPolicy::Kind::kSpecific;
  config.version_policy.specific = {10, 1, 7, 1};  // 7 is not there: a problem
  EXPECT_EQ(VersionsOf(directory, config), (std::vector<int64_t>{1, -7, 10}));
}

TEST(LayoutTest, TheDefaultModelFilenameIsTheOnlyOneLookedFor) {
  const TempDirectory directory;
  directory.Write("m/1/model.pt");
  ModelConfig config;
  config.default_model_filename = "net.torchscript";
  EXPECT_THAT(ScanOne(directory, config).problem, HasSubstr("'m/1' holds no net.torchscript"));
  const std::string net = directory.Write("m/1/net.torchscript");
  EXPECT_EQ(ScanOne(directory, config).file, net);
}

}  // namespace
}  // namespace flambeau
