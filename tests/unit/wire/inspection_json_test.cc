#include "wire/inspection_json.h"

#include <gtest/gtest.h>

#include <string>

namespace flambeau {
namespace {

Inspection Sample() {
  ResultFact scores;
  scores.name = "scores";
  scores.tensor.dtype = DType::kBf16;
  scores.tensor.dtype_source = FactSource::kObserved;
  scores.tensor.dims = Shape{-1, 10};
  scores.tensor.dims_source = FactSource::kGraph;
  scores.tensor.evidence = "aten::linear, weight [10,5]";
  ResultFact unknown;
  unknown.name = "result[1]";
  Inspection inspection;
  inspection.results = {{scores, unknown}, {}};
  inspection.verdicts = {
      {1, std::string("\0\xff\x07key", 6), {Verdict::kRefused, "rows \"mix\""}, 0},
      {0, "", {Verdict::kProven, ""}, 32}};
  inspection.optimizations.Add(Optimization::kChannelsLast);
  inspection.tuned = {2, 1, 16, "2 x 1"};
  inspection.seen = {{}, {std::nullopt, SeenTensor{DType::kInt64, {-1, 7}}}};
  inspection.notes = {"freeze: kept", "bad bytes \xff"};
  return inspection;
}

TEST(InspectionJsonTest, WhatIsWrittenIsRead) {
  const auto read = DecodeInspection(EncodeInspection(Sample()));
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->results.size(), 2u);
  ASSERT_EQ(read->results[0].size(), 2u);
  const ResultFact& scores = read->results[0][0];
  EXPECT_EQ(scores.name, "scores");
  EXPECT_EQ(scores.tensor.dtype, DType::kBf16);
  EXPECT_EQ(scores.tensor.dtype_source, FactSource::kObserved);
  EXPECT_EQ(scores.tensor.dims, (Shape{-1, 10}));
  EXPECT_EQ(scores.tensor.dims_source, FactSource::kGraph);
  EXPECT_EQ(scores.tensor.evidence, "aten::linear, weight [10,5]");
  EXPECT_FALSE(read->results[0][1].tensor.dtype);
  EXPECT_FALSE(read->results[0][1].tensor.dims);
  EXPECT_TRUE(read->results[1].empty());
  ASSERT_EQ(read->verdicts.size(), 2u);
  EXPECT_EQ(read->verdicts[0].method, 1u);
  EXPECT_EQ(read->verdicts[0].variant, std::string("\0\xff\x07key", 6));
  EXPECT_EQ(read->verdicts[0].proof.verdict, Verdict::kRefused);
  EXPECT_EQ(read->verdicts[0].proof.reason, "rows \"mix\"");
  EXPECT_EQ(read->verdicts[1].rows, 32);
  EXPECT_EQ(read->optimizations, Sample().optimizations);
  EXPECT_EQ(read->tuned, Sample().tuned);
  EXPECT_EQ(read->notes[0], "freeze: kept");
  ASSERT_EQ(read->seen.size(), 2u);
  EXPECT_TRUE(read->seen[0].empty());
  ASSERT_EQ(read->seen[1].size(), 2u);
  EXPECT_FALSE(read->seen[1][0]);
  EXPECT_EQ(read->seen[1][1]->dtype, DType::kInt64);
  EXPECT_EQ(read->seen[1][1]->dims, (Shape{-1, 7}));
}

TEST(InspectionJsonTest, SeenShapesGoAlone) {
  const auto read = DecodeSeenShapes(EncodeSeenShapes(Sample().seen));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->at(1).at(1)->dims, (Shape{-1, 7}));
  for (const char* text :
       {"", "[", "{\"a\":1}", "[[1]]", R"([[{"datatype":"FP32"}]])",
        R"([[{"datatype":"FP99","shape":[1]}]])", R"([[{"datatype":"FP32","shape":[]}]])"}) {
    EXPECT_EQ(DecodeSeenShapes(text).status().code(), StatusCode::kInvalidArgument) << text;
  }
}

TEST(InspectionJsonTest, IsOneLine) {
  EXPECT_EQ(EncodeInspection(Sample()).find('\n'), std::string::npos);
}

// A cache's file may have been cut off anywhere.
TEST(InspectionJsonTest, APartIsRefused) {
  const std::string text = EncodeInspection(Sample());
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(DecodeInspection(text.substr(0, size)).status().code(), StatusCode::kInvalidArgument)
        << size;
  }
}

TEST(InspectionJsonTest, OtherJsonIsRefused) {
  for (const char* text :
       {"[]", "{}", R"({"results":[[{}]],"verdicts":[],"optimizations":[],"notes":[]})",
        R"({"results":[],"verdicts":[],"optimizations":["faster"],"notes":[]})",
        R"({"results":[],"verdicts":[{"method":-1}],"optimizations":[],"notes":[]})",
        R"({"results":[],"verdicts":[],"optimizations":[],"notes":[1]})"}) {
    EXPECT_FALSE(DecodeInspection(text).ok()) << text;
  }
}

}  // namespace
}  // namespace flambeau
