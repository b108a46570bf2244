#include "repository/seen_shapes.h"

#include <gtest/gtest.h>

#include "backend/fake/fake_backend.h"

namespace flambeau {
namespace {

TensorFact Known(const Shape& dims) {
  TensorFact fact;
  fact.dtype = DType::kFp32;
  fact.dtype_source = FactSource::kGraph;
  fact.dims = dims;
  fact.dims_source = FactSource::kGraph;
  return fact;
}

class SeenShapesTest : public ::testing::Test {
 protected:
  TensorFact& fact() { return method_.arguments[0].tensor; }
  static SeenArguments Seen(DType dtype, const Shape& dims) { return {SeenTensor{dtype, dims}}; }

  MethodFacts method_ = FakeFactsUnknownShape().methods[0];
};

TEST_F(SeenShapesTest, TheBatchDimensionIsLeftOpen) {
  const std::vector<Value> arguments = {Value{*Tensor::Allocate(DType::kInt64, {3, 4})},
                                        Value{true}, Value{*Tensor::Allocate(DType::kFp32, {})}};
  const SeenArguments seen = ShapesOf(arguments);
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0]->dtype, DType::kInt64);
  EXPECT_EQ(seen[0]->dims, (Shape{-1, 4}));
  EXPECT_FALSE(seen[1]);
  EXPECT_FALSE(seen[2]) << "it has no rows";
}

TEST_F(SeenShapesTest, CompletesWhatIsNotKnown) {
  Complete(Seen(DType::kFp16, {-1, 4}), &method_);
  EXPECT_EQ(fact().dtype, DType::kFp16);
  EXPECT_EQ(fact().dims, (Shape{-1, 4}));
  fact() = Known({-1, 3, -1});
  Complete(Seen(DType::kFp64, {-1, 3, 8}), &method_);
  EXPECT_EQ(fact().dtype, DType::kFp32) << "it is known";
  EXPECT_EQ(fact().dims, (Shape{-1, 3, 8}));
}

TEST_F(SeenShapesTest, WhatContradictsIsLeftOut) {
  fact() = Known({-1, 3, -1});
  for (const Shape& other : {Shape{-1, 4, 8}, Shape{-1, 3}}) {
    Complete(Seen(DType::kFp32, other), &method_);
    EXPECT_EQ(fact().dims, (Shape{-1, 3, -1}));
  }
  fact() = Known({2, 3, -1});
  Complete(Seen(DType::kFp32, {-1, 3, 8}), &method_);
  EXPECT_EQ(fact().dims, (Shape{2, 3, -1})) << "its first dimension is no batch";
  fact() = Known({-1, 3, -1});
  Complete({}, &method_);
  Complete({std::nullopt, SeenTensor{}}, &method_);
  EXPECT_EQ(fact().dims, (Shape{-1, 3, -1}));
}

TEST_F(SeenShapesTest, WhatWasKnownOfOtherMethodsStays) {
  const SeenArguments old = Seen(DType::kFp32, {-1, 1});
  const SeenArguments now = Seen(DType::kFp32, {-1, 2});
  const SeenShapes merged = Merge({{}, now}, {old, old, old});
  ASSERT_EQ(merged.size(), 3u);
  EXPECT_EQ(merged[0][0]->dims, (Shape{-1, 1}));
  EXPECT_EQ(merged[1][0]->dims, (Shape{-1, 2}));
  EXPECT_EQ(merged[2][0]->dims, (Shape{-1, 1}));
  EXPECT_FALSE(Any(Merge({{}}, {})));
}

TEST_F(SeenShapesTest, OfAnyRankTheLastDimensionIsCertain) {
  fact() = Known({-1, 3});
  fact().any_rank = true;
  EXPECT_TRUE(CanComplete({DType::kFp32, {-1, 5, 3}}, fact()));
  EXPECT_FALSE(CanComplete({DType::kFp32, {-1, 4}}, fact()));
}

TEST_F(SeenShapesTest, IsShownWhereNothingWasKnown) {
  Observe(Seen(DType::kFp16, {-1, 4}), &method_);
  EXPECT_EQ(fact().dims, (Shape{-1, 4}));
  EXPECT_EQ(fact().dims_source, FactSource::kObserved);
  EXPECT_EQ(fact().dtype_source, FactSource::kObserved);
  fact() = Known({-1, -1});
  Observe(Seen(DType::kFp16, {-1, 4}), &method_);
  EXPECT_EQ(fact().dims, (Shape{-1, -1})) << "the graph's refuse requests";
  EXPECT_EQ(fact().dtype, DType::kFp32);
}

TEST_F(SeenShapesTest, AModelHasThem) {
  const auto model = std::make_shared<FakeModel>(FakeFactsUnknownShape(), FakeScript());
  EXPECT_EQ(WithSeenShapes(model, {}), model);
  EXPECT_EQ(WithSeenShapes(model, {{}}), model) << "of no method";
  const auto completed = WithSeenShapes(model, {Seen(DType::kFp32, {-1, 4})});
  EXPECT_EQ(completed->facts().methods[0].arguments[0].tensor.dims, (Shape{-1, 4}));
  EXPECT_TRUE(completed->NewInstance().ok());
}

}  // namespace
}  // namespace flambeau
