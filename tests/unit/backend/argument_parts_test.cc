#include "backend/argument_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace flambeau {
namespace {

using ::testing::ElementsAre;

ArgumentFact Of(ValueKind kind, std::vector<ArgumentFact> elements = {}, std::string name = "") {
  ArgumentFact fact;
  fact.name = std::move(name);
  fact.kind = kind;
  fact.elements = std::move(elements);
  return fact;
}

const ArgumentFact kTensor = Of(ValueKind::kTensor);

std::vector<std::string> Names(const ArgumentFact& argument) {
  std::vector<std::string> names;
  for (const ArgumentFact& part : PartsOf(argument)) names.push_back(part.name);
  return names;
}

TEST(ArgumentPartsTest, AListOfScalarsIsOne) {
  for (const ValueKind kind :
       {ValueKind::kBool, ValueKind::kInt, ValueKind::kFloat, ValueKind::kString}) {
    const ArgumentFact list = Of(ValueKind::kList, {Of(kind)}, "x");
    EXPECT_EQ(ListElement(list), kind);
    EXPECT_FALSE(IsNested(list));
    EXPECT_THAT(Names(list), ElementsAre("x"));
  }
  ArgumentFact maybe = Of(ValueKind::kInt);
  maybe.optional = true;
  for (const ArgumentFact& list : {Of(ValueKind::kList, {kTensor}), Of(ValueKind::kList, {maybe}),
                                   Of(ValueKind::kDict, {Of(ValueKind::kInt)}),
                                   Of(ValueKind::kTuple, {Of(ValueKind::kInt)})}) {
    EXPECT_EQ(ListElement(list), std::nullopt);
    EXPECT_TRUE(IsNested(list));
  }
  EXPECT_FALSE(IsNested(kTensor));
}

TEST(ArgumentPartsTest, NamesFollowTheTree) {
  EXPECT_THAT(Names(Of(ValueKind::kTensor, {}, "x")), ElementsAre("x"));
  EXPECT_THAT(Names(Of(ValueKind::kList, {kTensor}, "x")), ElementsAre("x[0]"));
  EXPECT_THAT(Names(Of(ValueKind::kDict, {kTensor}, "x")), ElementsAre("x.*"));
  EXPECT_THAT(Names(Of(ValueKind::kTuple, {kTensor, Of(ValueKind::kInt)}, "x")),
              ElementsAre("x[0]", "x[1]"));
  const ArgumentFact named = Of(
      ValueKind::kTuple, {Of(ValueKind::kTensor, {}, "ids"), Of(ValueKind::kTensor, {}, "mask")});
  EXPECT_THAT(Names(Of(ValueKind::kList, {named}, "x")), ElementsAre("x[0].ids", "x[0].mask"));
}

TEST(ArgumentPartsTest, ThePartsOfWhatMayBeAbsentMayBe) {
  ArgumentFact list = Of(ValueKind::kList, {kTensor}, "x");
  EXPECT_FALSE(PartsOf(list).front().optional);
  list.has_default = true;
  EXPECT_TRUE(PartsOf(list).front().optional);
}

}  // namespace
}  // namespace flambeau
