// A repository that follows its directory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "repository/repository_fixture.h"

namespace flambeau {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using ModelWatchTest = RepositoryFixture;

TEST_F(ModelWatchTest, ANewFileIsServedAndARemovedOneIsNot) {
  StartWatching();
  EXPECT_THAT(repository_->Index(), IsEmpty());
  directory_.Write("m.pt", "good model");
  AwaitStates("m", {"1 READY"});
  fs::remove(directory_ / "m.pt");
  AwaitStates("m", {});
  EXPECT_EQ(CodeOf("m"), StatusCode::kNotFound);
  EXPECT_TRUE(Await([&] { return metrics_->Expose().find(R"(model="m")") == std::string::npos; }))
      << metrics_->Expose();
}

TEST_F(ModelWatchTest, ANewVersionReplacesTheOldOneAndGoesAgain) {
  directory_.Write("m/1/model.pt", "good model");
  StartWatching();
  directory_.Write("m/2/model.pt", "good model");
  AwaitStates("m", {"2 READY"});
  fs::remove_all(directory_ / "m/2");
  AwaitStates("m", {"1 READY"});
  fs::remove_all(directory_ / "m/1");  // m is left, and empty
  AwaitStates("m", {"1 UNAVAILABLE: 'm' holds no model.pt"});
}

TEST_F(ModelWatchTest, AFileThatWasOverwrittenIsLoadedAgain) {
  directory_.Write("m.pt", "good model");
  StartWatching();
  const ServablePtr before = *repository_->Resolve("m", "");
  directory_.Write("m.pt", "a better model");
  EXPECT_TRUE(Await([&] { return *repository_->Resolve("m", "") != before; }));
  EXPECT_EQ(backend_.loads, 2);
}

TEST_F(ModelWatchTest, AChangedConfigurationIsApplied) {
  directory_.Write("m/1/model.pt", "good model");
  StartWatching();
  directory_.Write("m/config.pbtxt", "max_batch_size: 2");
  EXPECT_TRUE(
      Await([&] { return (*repository_->Resolve("m", ""))->config()->max_batch_size == 2; }));
  directory_.Write("m/config.pbtxt", "nonsense");
  EXPECT_TRUE(Await([&] { return States("m")[0] != "1 READY"; }));
  EXPECT_THAT(States("m"), ElementsAre(HasSubstr("1 READY: What was loaded before serves on")));
  EXPECT_THAT(States("m"), ElementsAre(HasSubstr("config.pbtxt, line 1")));
  EXPECT_THAT(metrics_->Expose(),
              HasSubstr(R"(flambeau_model_load_failed{model="m",version="0"} 1)"));
  directory_.Write("m/config.pbtxt", "max_batch_size: 2");
  AwaitStates("m", {"1 READY"});
  EXPECT_THAT(metrics_->Expose(), Not(HasSubstr(R"(load_failed{model="m",version="0"})")));
}

TEST_F(ModelWatchTest, ABrokenFileLeavesTheOldOneServingAndSaysSo) {
  directory_.Write("m.pt", "good model");
  StartWatching();
  const ServablePtr before = *repository_->Resolve("m", "");
  directory_.Write("m.pt", "bad");
  EXPECT_TRUE(Await([&] { return States("m")[0] != "1 READY"; }));
  EXPECT_THAT(States("m"),
              ElementsAre("1 READY: What was loaded before serves on, since what is on disk now "
                          "could not be loaded: It is a bad file."));
  EXPECT_EQ(*repository_->Resolve("m", ""), before);
  const std::string metrics = metrics_->Expose();
  EXPECT_THAT(metrics, HasSubstr(R"(flambeau_model_load_failures_total{model="m"} 1)"));
  EXPECT_THAT(metrics, HasSubstr(R"(flambeau_model_load_failed{model="m",version="1"} 1)"));
  directory_.Write("m.pt", "good again");
  AwaitStates("m", {"1 READY"});
  EXPECT_THAT(metrics_->Expose(),
              HasSubstr(R"(flambeau_model_load_failed{model="m",version="1"} 0)"));
}

TEST_F(ModelWatchTest, TheLastGoodVersionStaysWhileItsSuccessorIsRefused) {
  directory_.Write("m/1/model.pt", "good model");
  StartWatching();
  fs::remove_all(directory_ / "m/1");
  directory_.Write("m/2/model.pt", "bad");
  AwaitStates("m", {"1 READY", "2 UNAVAILABLE: It is a bad file."});
  directory_.Write("m/3/model.pt", "good model");
  AwaitStates("m", {"3 READY"});
}

TEST_F(ModelWatchTest, AVersionThatIsGoneLeavesThoughAnotherIsBroken) {
  directory_.Write("m/config.pbtxt", "version_policy { all { } }");
  directory_.Write("m/1/model.pt", "good model");
  directory_.Write("m/2/model.pt", "good model");
  directory_.Write("m/3/model.pt", "bad");
  StartWatching();
  fs::remove_all(directory_ / "m/1");
  AwaitStates("m", {"2 READY", "3 UNAVAILABLE: It is a bad file."});
}

TEST_F(ModelWatchTest, RequestsInProgressEndOnTheVersionTheyHave) {
  directory_.Write("m.pt", "good model");
  StartWatching();
  ServablePtr pinned = *repository_->Resolve("m", "");
  fs::remove(directory_ / "m.pt");
  AwaitStates("m", {});
  EXPECT_EQ(pinned->scheduler().instances(), 1);  // it can still be asked
  EXPECT_THAT(metrics_->Expose(), HasSubstr(R"(nv_inference_count{model="m",version="1"})"));
  pinned = nullptr;
  EXPECT_TRUE(Await([&] { return metrics_->Expose().find(R"(model="m")") == std::string::npos; }));
}

TEST_F(ModelWatchTest, ClientsCannotLoadOrUnload) {
  directory_.Write("m.pt", "good model");
  StartWatching();
  EXPECT_EQ(Load("m").code(), StatusCode::kUnimplemented);
  EXPECT_EQ(Unload("m").code(), StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace flambeau
