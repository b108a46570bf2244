#include "spec/routing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flambeau {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

std::string WhyNot(std::string_view text) {
  const Result<Routing> routing = ParseRouting(text);
  EXPECT_EQ(routing.status().code(), StatusCode::kInvalidArgument) << text;
  return std::string(Message(routing.status()));
}

TEST(RoutingTest, LabelsAndShares) {
  const auto routing = ParseRouting(
      R"({"labels": {"stable": 3, "canary": 4, "v2.1-rc_1": 1}, "shares": {"canary": 0.5}})");
  ASSERT_TRUE(routing.ok()) << routing.status();
  EXPECT_THAT(routing->labels,
              ElementsAre(Pair("canary", 4), Pair("stable", 3), Pair("v2.1-rc_1", 1)));
  EXPECT_THAT(routing->shares, ElementsAre(Pair("canary", 0.5)));
  EXPECT_EQ(*ParseRouting("{}"), Routing{});
}

TEST(RoutingTest, WhatIsWrongIsNamed) {
  EXPECT_THAT(WhyNot("{"), HasSubstr("routing.json: it is not valid JSON."));
  EXPECT_THAT(WhyNot("[]"), HasSubstr("must be an object"));
  EXPECT_THAT(WhyNot(R"({"label": {}})"), HasSubstr("'label' is not known"));
  EXPECT_THAT(WhyNot(R"({"labels": []})"), HasSubstr("labels must be an object"));
  EXPECT_THAT(WhyNot(R"({"labels": {"3": 3}})"), HasSubstr("labels: '3' must be a letter"));
  EXPECT_THAT(WhyNot(R"({"labels": {"a/b": 3}})"), HasSubstr("labels: 'a/b' must be a letter"));
  EXPECT_THAT(WhyNot(R"({"labels": {"a": "3"}})"), HasSubstr("labels.a must be a version"));
  EXPECT_THAT(WhyNot(R"({"labels": {"a": 0}})"), HasSubstr("labels.a must be a version"));
  EXPECT_THAT(WhyNot(R"({"labels": {"a": 18446744073709551615}})"),
              HasSubstr("labels.a must be a version"));
  EXPECT_THAT(WhyNot(R"({"shares": {"a": 1}})"), HasSubstr("shares.a must be one of labels"));
  EXPECT_THAT(WhyNot(R"({"labels": {"a": 1}, "shares": {"a": 101}})"),
              HasSubstr("shares.a must be a percentage from 0 to 100"));
  EXPECT_THAT(WhyNot(R"({"labels": {"stable": 1}, "shares": {"stable": 1}})"),
              HasSubstr("shares.stable must be left out"));
  EXPECT_THAT(WhyNot(R"({"labels": {"a": 1, "b": 2}, "shares": {"a": 60, "b": 41}})"),
              HasSubstr("at most 100 percent together"));
}

}  // namespace
}  // namespace flambeau
