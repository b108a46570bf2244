// Labels, shares and rollback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "repository/repository_fixture.h"

namespace flambeau {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ModelRoutingTest : public RepositoryFixture {
 protected:
  ModelRoutingTest() {
    for (const char* version : {"3", "4"}) AddVersion(version);
  }
  void AddVersion(const std::string& version, const std::string& text = "good model") {
    directory_.Write("m/" + version + "/model.pt", text);
  }
  void WriteRouting(const std::string& text) { directory_.Write("m/routing.json", text); }
  int64_t VersionOf(const std::string& wanted) {
    const auto servable = repository_->Route("m", wanted);
    return servable.ok() ? (*servable)->version() : -1;
  }
  // How many of 1000 requests without a version each version gets.
  std::map<int64_t, int> Routed() {
    std::map<int64_t, int> counts;
    for (int i = 0; i < 1000; ++i) ++counts[VersionOf("")];
    return counts;
  }
};

TEST_F(ModelRoutingTest, ALabelStandsForItsVersion) {
  WriteRouting(R"({"labels": {"stable": 3, "canary": 4}})");
  StartAll();
  EXPECT_THAT(States("m"), ElementsAre("3 READY", "4 READY"));  // though only the latest is policy
  EXPECT_EQ(VersionOf("stable"), 3);
  EXPECT_EQ(VersionOf("canary"), 4);
  EXPECT_EQ(VersionOf("4"), 4);
  EXPECT_EQ(VersionOf(""), 3);
  const Status unknown = repository_->Resolve("m", "beta").status();
  EXPECT_EQ(unknown.code(), StatusCode::kNotFound);
  EXPECT_EQ(Message(unknown), "Model 'm' has no label 'beta'; its labels are canary, stable.");
  EXPECT_EQ(repository_->RoutingOf("m").labels.size(), 2u);
}

TEST_F(ModelRoutingTest, WithoutLabelsANameIsNoVersion) {
  StartAll();
  EXPECT_EQ(CodeOf("m", "stable"), StatusCode::kInvalidArgument);
  EXPECT_EQ(VersionOf(""), 4);
}

TEST_F(ModelRoutingTest, AShareIsExactOverManyRequests) {
  WriteRouting(R"({"labels": {"stable": 3, "canary": 4}, "shares": {"canary": 10}})");
  StartAll();
  const auto routed = Routed();
  EXPECT_NEAR(routed.at(4), 100, 2);
  EXPECT_EQ(routed.at(3) + routed.at(4), 1000);
  EXPECT_EQ((*repository_->Resolve("m", ""))->version(), 3);  // metadata does not alternate
}

TEST_F(ModelRoutingTest, AShareIsExactForEachOfTwoRequestsThatAlternate) {
  WriteRouting(R"({"labels": {"stable": 3, "canary": 4}, "shares": {"canary": 50}})");
  StartAll();
  int even = 0;
  for (int i = 0; i < 1000; ++i) even += VersionOf("") == 4 && i % 2 == 0 ? 1 : 0;
  EXPECT_NEAR(even, 250, 5);
}

TEST_F(ModelRoutingTest, WhereTheStableVersionFailedTheOneOnTrialComesLast) {
  AddVersion("2");
  AddVersion("3", "bad");
  directory_.Write("m/config.pbtxt", "version_policy { all { } }");
  WriteRouting(R"({"labels": {"stable": 3, "canary": 4}, "shares": {"canary": 10}})");
  StartAll();
  EXPECT_EQ(CodeOf("m", "stable"), StatusCode::kUnavailable);
  const auto routed = Routed();
  EXPECT_NEAR(routed.at(4), 100, 2);
  EXPECT_NEAR(routed.at(2), 900, 2);
}

TEST_F(ModelRoutingTest, ALabelOfNoVersionIsReported) {
  WriteRouting(R"({"labels": {"canary": 9}})");
  StartAll();
  EXPECT_THAT(States("m"),
              ElementsAre("4 READY",
                          "9 UNAVAILABLE: routing.json: label 'canary' names version 9, but there "
                          "is no directory 'm/9'"));
}

TEST_F(ModelRoutingTest, AWrongFileRefusesTheModelAtStartAndChangesNothingLater) {
  WriteRouting("{");
  StartAll();
  EXPECT_THAT(States("m"), ElementsAre(HasSubstr("routing.json: it is not valid JSON.")));
  WriteRouting(R"({"labels": {"stable": 3}})");
  StartWatching();
  EXPECT_EQ(VersionOf(""), 3);
  WriteRouting("{");
  EXPECT_TRUE(Await([&] { return States("m")[0] != "3 READY"; }));
  EXPECT_THAT(States("m")[0], HasSubstr("routing.json: it is not valid JSON."));
  EXPECT_EQ(VersionOf(""), 3);
}

TEST_F(ModelRoutingTest, ARollbackLoadsNothing) {
  WriteRouting(R"({"labels": {"stable": 3}})");
  StartWatching();
  WriteRouting(R"({"labels": {"stable": 4}})");
  EXPECT_TRUE(Await([&] { return VersionOf("") == 4; }));
  const int loads = backend_.loads;
  WriteRouting(R"({"labels": {"stable": 3}})");
  EXPECT_TRUE(Await([&] { return VersionOf("stable") == 3; }));
  EXPECT_EQ(VersionOf(""), 3);
  EXPECT_EQ(backend_.loads, loads);  // though version 3 had no label for a while
}

TEST_F(ModelRoutingTest, ARollbackDoesNotWaitForALoad) {
  WriteRouting(R"({"labels": {"stable": 4, "before": 3}})");
  StartWatching();
  backend_.latch.Close();
  AddVersion("5");
  backend_.latch.AwaitHeld(1);
  WriteRouting(R"({"labels": {"stable": 3, "before": 4}})");
  EXPECT_TRUE(Await([&] { return VersionOf("") == 3; }));
  EXPECT_THAT(States("m"), ElementsAre("3 READY", "4 READY", "5 LOADING"));
  backend_.latch.Open();
  AwaitStates("m", {"3 READY", "4 READY", "5 READY"});
  EXPECT_EQ(VersionOf(""), 3);
}

TEST_F(ModelRoutingTest, ALabelMovesOnceItsVersionIsReady) {
  WriteRouting(R"({"labels": {"stable": 4}})");
  StartWatching();
  backend_.latch.Close();
  WriteRouting(R"({"labels": {"stable": 5}})");
  AddVersion("5");
  backend_.latch.AwaitHeld(1);
  EXPECT_EQ(VersionOf("stable"), 4);
  EXPECT_EQ(VersionOf(""), 4);
  backend_.latch.Open();
  EXPECT_TRUE(Await([&] { return VersionOf("stable") == 5; }));
  EXPECT_EQ(VersionOf(""), 5);
}

TEST_F(ModelRoutingTest, TheFirstLabelWaitsForItsVersionWhileAnotherServes) {
  StartWatching();
  backend_.latch.Close();
  WriteRouting(R"({"labels": {"stable": 3}})");
  backend_.latch.AwaitHeld(1);
  EXPECT_TRUE(repository_->RoutingOf("m").labels.empty());
  EXPECT_EQ(VersionOf(""), 4);
  backend_.latch.Open();
  EXPECT_TRUE(Await([&] { return !repository_->RoutingOf("m").labels.empty(); }));
  EXPECT_EQ(VersionOf(""), 3);
}

TEST_F(ModelRoutingTest, TheFirstLabelWaitsForAVersionThatFailedBefore) {
  AddVersion("5", "bad");
  StartWatching();
  AwaitStates("m", {"5 UNAVAILABLE: It is a bad file."});
  AddVersion("4", "good model again");
  directory_.Write("m/config.pbtxt", "version_policy { specific { versions: [ 4, 5 ] } }");
  AwaitStates("m", {"4 READY", "5 UNAVAILABLE: It is a bad file."});
  backend_.latch.Close();
  AddVersion("5");
  WriteRouting(R"({"labels": {"stable": 5}})");
  backend_.latch.AwaitHeld(1);
  EXPECT_TRUE(repository_->RoutingOf("m").labels.empty());
  backend_.latch.Open();
  EXPECT_TRUE(Await([&] { return VersionOf("stable") == 5; }));
}

TEST_F(ModelRoutingTest, ALabelOfABrokenVersionStaysWhereItWas) {
  WriteRouting(R"({"labels": {"stable": 4}})");
  StartWatching();
  AddVersion("5", "bad");
  WriteRouting(R"({"labels": {"stable": 5}})");
  AwaitStates("m", {"4 READY", "5 UNAVAILABLE: It is a bad file."});
  EXPECT_EQ(VersionOf("stable"), 4);
  EXPECT_EQ(VersionOf(""), 4);
}

TEST_F(ModelRoutingTest, WithExplicitControlALoadReadsIt) {
  WriteRouting(R"({"labels": {"stable": 4, "before": 3}})");
  Start({"m"});
  EXPECT_EQ(VersionOf(""), 4);
  const int loads = backend_.loads;
  WriteRouting(R"({"labels": {"stable": 3, "before": 4}})");
  EXPECT_TRUE(Load("m").ok());
  EXPECT_EQ(VersionOf(""), 3);
  EXPECT_EQ(backend_.loads, loads);
}

}  // namespace
}  // namespace flambeau
