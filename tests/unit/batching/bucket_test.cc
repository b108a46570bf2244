#include "batching/bucket.h"

#include <gtest/gtest.h>

#include "batching/scheduler_fixture.h"

namespace flambeau {
namespace {

struct Keyed {
  BucketKey key;
  int64_t rows = 0;
};

Keyed KeyOf(std::vector<Value> arguments, size_t method = 0, int min_rank = 1,
            std::vector<int> min_ranks = {}) {
  Keyed keyed;
  Proof proof;
  proof.min_rank = min_rank;
  proof.min_ranks = std::move(min_ranks);
  keyed.key = BucketKey::Of({method, std::move(arguments), kNoDeadline, nullptr, nullptr}, proof,
                            &keyed.rows);
  return keyed;
}

Value TensorLike(DType dtype, const Shape& shape) { return Value{*Tensor::Allocate(dtype, shape)}; }

TEST(BucketTest, OnlyDimensionZeroMayDiffer) {
  const Keyed two = KeyOf({TensorLike(DType::kFp32, {2, 3})});
  const Keyed five = KeyOf({TensorLike(DType::kFp32, {5, 3})});
  EXPECT_EQ(two.key, five.key);
  EXPECT_EQ(two.key.hash(), five.key.hash());
  EXPECT_EQ(two.rows, 2);
  EXPECT_EQ(five.rows, 5);
  EXPECT_FALSE(two.key == KeyOf({TensorLike(DType::kFp32, {2, 4})}).key);
  EXPECT_FALSE(two.key == KeyOf({TensorLike(DType::kFp32, {2, 3, 1})}).key);
  EXPECT_FALSE(two.key == KeyOf({TensorLike(DType::kInt32, {2, 3})}).key);
}

TEST(BucketTest, MethodAndPresentArgumentsCount) {
  const Value x = TensorLike(DType::kFp32, {2, 3});
  EXPECT_FALSE(KeyOf({x}, 0).key == KeyOf({x}, 1).key);
  EXPECT_FALSE(KeyOf({x, x}).key == KeyOf({x, Value{}}).key);
  EXPECT_FALSE(KeyOf({x, Value{}}).key == KeyOf({Value{}, x}).key);
}

TEST(BucketTest, ValuesOfOtherArgumentsCount) {
  const Value x = TensorLike(DType::kFp32, {2, 3});
  const auto key = [&](Value value) { return KeyOf({x, std::move(value)}).key; };
  EXPECT_EQ(key(Value{true}), key(Value{true}));
  EXPECT_FALSE(key(Value{true}) == key(Value{false}));
  EXPECT_FALSE(key(Value{int64_t{1}}) == key(Value{true}));
  EXPECT_FALSE(key(Value{int64_t{1}}) == key(Value{int64_t{2}}));
  EXPECT_FALSE(key(Value{0.0}) == key(Value{-0.0}));
  EXPECT_FALSE(key(Value{std::string("a")}) == key(Value{std::string("b")}));
  const Value one_two{ValueList{{Value{int64_t{1}}, Value{int64_t{2}}}}};
  const Value nested{ValueList{{Value{int64_t{1}}, Value{ValueList{{Value{int64_t{2}}}}}}}};
  EXPECT_EQ(key(one_two), key(one_two));
  EXPECT_FALSE(key(one_two) == key(nested));
  EXPECT_FALSE(key(Value{ValueDict{{{"a", Value{true}}}}}) ==
               key(Value{ValueDict{{{"b", Value{true}}}}}));
}

TEST(BucketTest, EachArgumentHasAMinimumRankOfItsOwn) {
  const Value matrix = TensorLike(DType::kFp32, {2, 3});
  const Value vector = TensorLike(DType::kFp32, {2});
  EXPECT_EQ(KeyOf({matrix, vector}, 0, 2, {2, 1}).rows, 2);
  EXPECT_EQ(KeyOf({vector, matrix}, 0, 2, {2, 1}).rows, 0);
  EXPECT_EQ(KeyOf({matrix, vector}, 0, 2).rows, 0) << "the largest holds for all";
  EXPECT_EQ(KeyOf({Value{}, vector}, 0, 2, {2, 1}).rows, 2) << "an absent one has no rank";
}

TEST(BucketTest, TheVariantIsTheKeyWithoutDimensions) {
  const Keyed a = KeyOf({TensorLike(DType::kFp32, {2, 3}), Value{true}});
  const Keyed b = KeyOf({TensorLike(DType::kFp32, {2, 9}), Value{true}});
  const Keyed c = KeyOf({TensorLike(DType::kFp32, {2, 3}), Value{false}});
  const Keyed d = KeyOf({TensorLike(DType::kFp32, {2, 3, 1}), Value{true}});
  EXPECT_FALSE(a.key == b.key);
  EXPECT_EQ(a.key.variant(), b.key.variant());
  EXPECT_NE(a.key.variant(), c.key.variant());
  EXPECT_NE(a.key.variant(), d.key.variant()) << "a rank is proven by itself";
}

TEST(BucketTest, WhatHasNoCommonDimensionZeroHasNoRows) {
  const Value x = TensorLike(DType::kFp32, {2, 3});
  EXPECT_EQ(KeyOf({x, TensorLike(DType::kFp32, {3, 3})}).rows, 0);
  EXPECT_EQ(KeyOf({TensorLike(DType::kFp32, {})}).rows, 0);
  EXPECT_EQ(KeyOf({TensorLike(DType::kFp32, {0, 3})}).rows, 0);
  EXPECT_EQ(KeyOf({Value{int64_t{1}}}).rows, 0);
  EXPECT_EQ(KeyOf({x, Value{BytesScalar("text")}}).rows, 0);
  EXPECT_EQ(KeyOf({Value{ValueList{{x}}}}).rows, 0);
  EXPECT_EQ(KeyOf({x}, 0, 3).rows, 0);
  EXPECT_EQ(KeyOf({x, TensorLike(DType::kInt64, {2})}).rows, 2);
}

}  // namespace
}  // namespace flambeau
