#include "cli/label.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace flambeau::client {
namespace {

using testing::HasSubstr;

LabelOptions Change(const std::string& label, const std::string& version,
                    std::optional<double> share = std::nullopt) {
  LabelOptions options;
  options.label = label;
  options.version = version;
  options.share = share;
  return options;
}

std::string Sentence(const std::string& text, const LabelOptions& options) {
  return std::string(EditRouting(text, options).status().message());
}

TEST(LabelTest, MakesAFileThatWasNotThere) {
  EXPECT_EQ(*EditRouting("", Change("stable", "3")), "{\"labels\":{\"stable\":3}}\n");
}

TEST(LabelTest, LeavesTheRest) {
  const std::string text = R"({"labels": {"stable": 3, "old": 1}, "shares": {"old": 5}})";
  EXPECT_EQ(*EditRouting(text, Change("stable", "4")),
            "{\"labels\":{\"stable\":4,\"old\":1},\"shares\":{\"old\":5}}\n");
  EXPECT_EQ(*EditRouting(text, Change("old", "2")),
            "{\"labels\":{\"stable\":3,\"old\":2},\"shares\":{\"old\":5}}\n");
  EXPECT_EQ(*EditRouting(text, Change("old", "")), "{\"labels\":{\"stable\":3}}\n");
}

TEST(LabelTest, GivesAShare) {
  EXPECT_EQ(*EditRouting("", Change("canary", "4", 2.5)),
            "{\"labels\":{\"canary\":4},\"shares\":{\"canary\":2.5}}\n");
  const std::string full = R"({"labels": {"a": 1}, "shares": {"a": 99}})";
  EXPECT_TRUE(EditRouting(full, Change("b", "2", 1)).ok());
  EXPECT_THAT(Sentence(full, Change("b", "2", 2)), HasSubstr("more than 100 percent"));
  EXPECT_THAT(Sentence("", Change("stable", "2", 2)), HasSubstr("'stable' has no share"));
}

TEST(LabelTest, SaysWhatIsWrong) {
  EXPECT_THAT(Sentence("", Change("9th", "1")), HasSubstr("must be a letter"));
  EXPECT_THAT(Sentence("", Change("", "1")), HasSubstr("must be a letter"));
  EXPECT_THAT(Sentence("", Change("stable", "0")), HasSubstr("whole number from 1"));
  EXPECT_THAT(Sentence("", Change("stable", "1x")), HasSubstr("whole number from 1"));
  EXPECT_THAT(Sentence("[1]", Change("stable", "1")), HasSubstr("no JSON object"));
  EXPECT_THAT(Sentence("{", Change("stable", "1")), HasSubstr("no JSON object"));
  EXPECT_THAT(Sentence(R"({"labels": 1})", Change("stable", "1")),
              HasSubstr("labels is no object"));
}

}  // namespace
}  // namespace flambeau::client
