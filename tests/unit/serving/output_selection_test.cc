#include "serving/output_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace flambeau {
namespace {

using ::testing::HasSubstr;

std::vector<NamedTensor> TwoOutputs() {
  return {{"result.logits", *Tensor::Allocate(DType::kFp32, {1})},
          {"result.ids", *Tensor::Allocate(DType::kInt64, {1})}};
}

TEST(OutputSelectionTest, NoneRequestedIsAll) {
  const auto selected = SelectOutputs(TwoOutputs(), {});
  ASSERT_TRUE(selected.ok());
  EXPECT_EQ(selected->size(), 2u);
}

TEST(OutputSelectionTest, SelectsInTheOrderAskedUnderTheNamesAsked) {
  const auto selected = SelectOutputs(TwoOutputs(), {{"OUTPUT__1", {}}, {"result.logits", {}}});
  ASSERT_TRUE(selected.ok());
  ASSERT_EQ(selected->size(), 2u);
  EXPECT_EQ((*selected)[0].name, "OUTPUT__1");
  EXPECT_EQ((*selected)[0].tensor.dtype(), DType::kInt64);
  EXPECT_EQ((*selected)[1].name, "result.logits");
  EXPECT_EQ((*selected)[1].tensor.dtype(), DType::kFp32);
}

TEST(OutputSelectionTest, AnUnknownOutputListsTheModels) {
  for (const char* name : {"output", "OUTPUT__2", "OUTPUT__", "OUTPUT__-1", ""}) {
    const auto selected = SelectOutputs(TwoOutputs(), {{name, {}}});
    EXPECT_EQ(selected.status().code(), StatusCode::kInvalidArgument) << name;
    EXPECT_THAT(std::string(Message(selected.status())),
                HasSubstr("'result.logits', 'result.ids'"));
  }
}

TEST(OutputSelectionTest, IsCheckedBeforeTheRunWhereResultsAreKnown) {
  const std::vector<ResultFact> known = {{"output", {}}};
  EXPECT_TRUE(CheckRequestedOutputs(known, {{"output", {}}}).ok());
  EXPECT_TRUE(CheckRequestedOutputs(known, {{"OUTPUT__0", {}}}).ok());
  EXPECT_FALSE(CheckRequestedOutputs(known, {{"other", {}}}).ok());
  EXPECT_TRUE(CheckRequestedOutputs({}, {{"other", {}}}).ok());
  EXPECT_FALSE(CheckRequestedOutputs({}, {{"other", {}}, {"other", {}}}).ok());
}

}  // namespace
}  // namespace flambeau
