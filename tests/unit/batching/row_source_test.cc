#include "batching/row_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "batching/scheduler_fixture.h"

namespace flambeau {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;

MethodFacts Forward(const Facts& facts = FakeFacts(8)) { return facts.methods[0]; }

MethodFacts Ids(int64_t limit) {
  MethodFacts method = Forward(FakeFacts(3));
  method.arguments[0].tensor.dtype = DType::kInt64;
  method.arguments[0].tensor.index_limit = limit;
  return method;
}

Value Int64s(const std::vector<int64_t>& numbers) {
  Tensor tensor = *Tensor::Allocate(DType::kInt64, {1, static_cast<int64_t>(numbers.size())});
  std::memcpy(tensor.mutable_data(), numbers.data(), tensor.bytes());
  return Value{std::move(tensor)};
}

TEST(RowSourceTest, InventedRowsAreOfVariedSignAndScale) {
  auto source = RowSource::FromFacts(Forward(), 1);
  ASSERT_TRUE(source);
  EXPECT_EQ(source->row_bytes(), 32u);
  int positive = 0;
  int negative = 0;
  float largest = 0;
  std::set<std::vector<float>> distinct;
  for (int i = 0; i < 30; ++i) {
    const std::vector<Value> row = source->Next();
    ASSERT_EQ(row[0].tensor()->shape(), (Shape{1, 8}));
    const std::vector<float> numbers = NumbersOf(row[0]);
    const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
    positive += *low > 0;
    negative += *high < 0;
    largest = std::max(largest, *high);
    distinct.insert(numbers);
  }
  EXPECT_EQ(positive, 10);
  EXPECT_EQ(negative, 10);
  EXPECT_GT(largest, 6);
  EXPECT_EQ(distinct.size(), 30u);
}

TEST(RowSourceTest, AsManyRowsAreAffordableAsFitInto128MiB) {
  EXPECT_EQ(RowSource::FromFacts(Forward(), 1)->Affordable(32), 32);
  const int64_t megabyte = 1 << 18;
  EXPECT_EQ(RowSource::FromFacts(Forward(FakeFacts(8 * megabyte)), 1)->Affordable(32), 16);
  EXPECT_EQ(RowSource::FromFacts(Forward(FakeFacts(300 * megabyte)), 1)->Affordable(32), 1);
}

TEST(RowSourceTest, TheSameSeedGivesTheSameRows) {
  auto a = RowSource::FromFacts(Forward(), 5);
  auto b = RowSource::FromFacts(Forward(), 5);
  auto c = RowSource::FromFacts(Forward(), 6);
  const std::vector<float> first = NumbersOf(a->Next()[0]);
  EXPECT_EQ(first, NumbersOf(b->Next()[0]));
  EXPECT_NE(first, NumbersOf(c->Next()[0]));
}

TEST(RowSourceTest, InventsNothingWhereFactsAreMissing) {
  EXPECT_FALSE(RowSource::FromFacts(Forward(FakeFactsUnknownShape()), 1));
  MethodFacts method = Forward();
  method.arguments[0].tensor.dims = Shape{-1, -1};
  EXPECT_FALSE(RowSource::FromFacts(method, 1)) << "an unknown width";
  method.arguments[0].tensor.dims = Shape{4, 8};
  EXPECT_FALSE(RowSource::FromFacts(method, 1)) << "a fixed batch";
  method = Ids(50);
  method.arguments[0].tensor.index_limit.reset();
  EXPECT_FALSE(RowSource::FromFacts(method, 1)) << "integers without a limit";
  method = Forward();
  ArgumentFact flag;
  flag.kind = ValueKind::kBool;
  method.arguments.push_back(flag);
  EXPECT_FALSE(RowSource::FromFacts(method, 1)) << "a value it cannot know";
  method.arguments[1].has_default = true;
  auto source = RowSource::FromFacts(method, 1);
  ASSERT_TRUE(source);
  EXPECT_TRUE(source->Next()[1].is_none());
}

TEST(RowSourceTest, IndicesStayBelowTheirLimit) {
  auto source = RowSource::FromFacts(Ids(5), 1);
  ASSERT_TRUE(source);
  std::set<int64_t> seen;
  for (int i = 0; i < 40; ++i) {
    const std::vector<Value> row = source->Next();
    for (const int64_t id : row[0].tensor()->As<int64_t>()) seen.insert(id);
  }
  EXPECT_THAT(seen, ElementsAre(0, 1, 2, 3, 4));
}

TEST(RowSourceTest, IntegersOfARequestAreOnlyThoseSeen) {
  auto source = RowSource::FromRequest(Ids(50), {Int64s({-100, 7, 1000})}, 1);
  ASSERT_TRUE(source);
  MethodFacts unlimited = Ids(50);
  unlimited.arguments[0].tensor.index_limit.reset();
  source = RowSource::FromRequest(unlimited, {Int64s({-100, 7, 1000})}, 1);
  std::set<int64_t> seen;
  for (int i = 0; i < 40; ++i) {
    const std::vector<Value> row = source->Next();
    for (const int64_t id : row[0].tensor()->As<int64_t>()) seen.insert(id);
  }
  EXPECT_THAT(seen, ElementsAre(-100, 7, 1000));
}

TEST(RowSourceTest, ARequestsOwnRowsComeFirst) {
  auto source = RowSource::FromRequest(Forward(), {TensorOf({1, 2, 3, 4}, 2), Value{true}}, 1);
  ASSERT_TRUE(source);
  std::vector<Value> row = source->Next();
  EXPECT_THAT(NumbersOf(row[0]), ElementsAre(1, 2));
  EXPECT_TRUE(std::get<bool>(row[1].data));
  EXPECT_THAT(NumbersOf(source->Next()[0]), ElementsAre(3, 4));
  row = source->Next();
  EXPECT_EQ(row[0].tensor()->shape(), (Shape{1, 2}));
  EXPECT_TRUE(std::get<bool>(row[1].data));
}

TEST(RowSourceTest, RowsAfterAPositiveRequestStayPositive) {
  auto source = RowSource::FromRequest(Forward(), {TensorOf({0, 0.5, 1, 0.25})}, 1);
  ASSERT_TRUE(source);
  std::set<std::vector<float>> distinct;
  for (int i = 0; i < 20; ++i) {
    const std::vector<float> numbers = NumbersOf(source->Next()[0]);
    EXPECT_THAT(numbers, Each(Ge(0)));
    distinct.insert(numbers);
  }
  EXPECT_EQ(distinct.size(), 20u);
}

TEST(RowSourceTest, ARequestOfZerosStillGivesDifferentRows) {
  auto source = RowSource::FromRequest(Forward(), {TensorOf({0, 0})}, 1);
  ASSERT_TRUE(source);
  source->Next();
  EXPECT_NE(NumbersOf(source->Next()[0]), NumbersOf(source->Next()[0]));
}

TEST(RowSourceTest, NothingCanBeMadeAfterARequestWithoutRows) {
  EXPECT_FALSE(RowSource::FromRequest(Forward(), {Value{int64_t{1}}}, 1));
  EXPECT_FALSE(RowSource::FromRequest(Forward(), {Value{*Tensor::Allocate(DType::kFp32, {})}}, 1));
  EXPECT_FALSE(
      RowSource::FromRequest(Forward(), {Value{*Tensor::Allocate(DType::kFp32, {0, 2})}}, 1));
}

}  // namespace
}  // namespace flambeau
