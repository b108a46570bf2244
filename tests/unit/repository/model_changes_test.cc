#include "repository/model_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flambeau {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ModelChangesTest : public ::testing::Test {
 protected:
  std::vector<std::string> LookAfter(int ms, const std::set<std::string>& moved = {}) {
    time_ += milliseconds(ms);
    return changes_.Look(tree_, moved, time_);
  }
  void Put(const std::string& model, const std::string& file, uint64_t size) {
    tree_.models[model][file] = {size, ++modified_, 1};
  }

  ModelTree tree_;
  TimePoint time_{std::chrono::hours(1)};
  int64_t modified_ = 0;
  std::set<std::string> incomplete_;
  ModelChanges changes_{{milliseconds(500), std::chrono::seconds(30)},
                        {},
                        [this](const std::string& file) { return incomplete_.count(file) > 0; }};
};

TEST_F(ModelChangesTest, AFileIsActedUponOnceAfterItRested) {
  Put("a", "/m/a.pt", 10);
  EXPECT_THAT(LookAfter(0), IsEmpty());
  EXPECT_TRUE(changes_.waiting());
  EXPECT_THAT(LookAfter(499), IsEmpty());
  EXPECT_THAT(LookAfter(1), ElementsAre("a"));
  EXPECT_FALSE(changes_.waiting());
  EXPECT_THAT(LookAfter(10000), IsEmpty());
}

TEST_F(ModelChangesTest, AFileThatGrowsIsWaitedFor) {
  Put("a", "/m/a.pt", 1);
  EXPECT_THAT(LookAfter(0), IsEmpty());
  Put("a", "/m/a.pt", 2);
  EXPECT_THAT(LookAfter(500), IsEmpty());
  Put("a", "/m/a.pt", 3);
  EXPECT_THAT(LookAfter(500), IsEmpty());
  EXPECT_THAT(LookAfter(500), ElementsAre("a"));
}

TEST_F(ModelChangesTest, OneModelDoesNotWaitForAnother) {
  Put("a", "/m/a.pt", 1);
  Put("b", "/m/b.pt", 1);
  EXPECT_THAT(LookAfter(0), IsEmpty());
  Put("b", "/m/b.pt", 2);
  EXPECT_THAT(LookAfter(500), ElementsAre("a"));
  EXPECT_THAT(LookAfter(500), ElementsAre("b"));
}

TEST_F(ModelChangesTest, AnArchiveWithoutItsEndIsWaitedForUntilPatienceEnds) {
  Put("a", "/m/a.pt", 1);
  incomplete_ = {"/m/a.pt"};
  EXPECT_THAT(LookAfter(0), IsEmpty());
  EXPECT_THAT(LookAfter(29999), IsEmpty());
  EXPECT_THAT(LookAfter(1), ElementsAre("a"));  // it will be refused, with a reason
  Put("a", "/m/a.pt", 2);
  EXPECT_THAT(LookAfter(0), IsEmpty());
  EXPECT_THAT(LookAfter(500), IsEmpty());
  incomplete_.clear();
  EXPECT_THAT(LookAfter(0), ElementsAre("a"));
}

TEST_F(ModelChangesTest, WhatWasRenamedIntoPlaceNeedsNoRest) {
  Put("a", "/m/a/1/model.pt", 1);
  Put("a", "/m/a/config.pbtxt", 1);
  LookAfter(0);
  ASSERT_THAT(LookAfter(500), ElementsAre("a"));
  Put("a", "/m/a/2/model.pt", 1);
  EXPECT_THAT(LookAfter(1, {"/m/a/2"}), ElementsAre("a"));
  Put("a", "/m/a/1/model.pt", 7);  // over the old one
  EXPECT_THAT(LookAfter(1, {"/m/a/1/model.pt"}), ElementsAre("a"));
  Put("a", "/m/a/22/model.pt", 1);  // not below "/m/a/2"
  EXPECT_THAT(LookAfter(1, {"/m/a/2"}), IsEmpty());
}

TEST_F(ModelChangesTest, WhatIsWrittenAfterItsRenameMustRest) {
  Put("a", "/m/a/1/model.pt", 1);
  Put("a", "/m/a/config.pbtxt", 1);
  EXPECT_THAT(LookAfter(0, {"/m/a/1"}), IsEmpty());  // the other file did not come by a rename
  Put("a", "/m/a/1/model.pt", 2);
  EXPECT_THAT(LookAfter(0, {"/m/a/config.pbtxt"}), IsEmpty());
  EXPECT_THAT(LookAfter(500), ElementsAre("a"));
}

TEST_F(ModelChangesTest, WhatIsGoneMustRestToo) {
  Put("a", "/m/a.pt", 1);
  Put("a", "/m/a", 0);
  LookAfter(0);
  ASSERT_THAT(LookAfter(500), ElementsAre("a"));
  tree_.models["a"].erase("/m/a.pt");
  EXPECT_THAT(LookAfter(1), IsEmpty());
  tree_.models["a"]["/m/a.pt"] = {1, 1, 1};  // back as it was
  EXPECT_THAT(LookAfter(1000), IsEmpty());
  EXPECT_FALSE(changes_.waiting());
  tree_.models.clear();
  EXPECT_THAT(LookAfter(1), IsEmpty());
  EXPECT_THAT(LookAfter(500), ElementsAre("a"));
  EXPECT_THAT(LookAfter(500), IsEmpty());
}

}  // namespace
}  // namespace flambeau
