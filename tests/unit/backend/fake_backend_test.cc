#include "backend/fake/fake_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace flambeau {
namespace {

using ::testing::ElementsAre;

struct Collected final : Sink {
  std::vector<Result<Value>> results;
  void Deliver(size_t item, Result<Value> result, bool last) override {
    EXPECT_EQ(item, results.size());
    EXPECT_TRUE(last);
    results.push_back(std::move(result));
  }
};

Value Rows(std::vector<float> numbers, int64_t rows) {
  Tensor tensor =
      *Tensor::Allocate(DType::kFp32, {rows, static_cast<int64_t>(numbers.size()) / rows});
  std::copy(numbers.begin(), numbers.end(), reinterpret_cast<float*>(tensor.mutable_data()));
  return Value{std::move(tensor)};
}

std::vector<float> Numbers(const Result<Value>& result) {
  const auto span = result->tensor()->As<float>();
  return {span.begin(), span.end()};
}

Collected RunTwo(FakeModel& model, const Value& a, const Value& b) {
  const std::unique_ptr<Instance> instance = *model.NewInstance();
  const std::vector<Item> items = {{0, {&a, 1}, a.tensor()->shape()[0]},
                                   {0, {&b, 1}, b.tensor()->shape()[0]}};
  Collected sink;
  instance->Run(items, sink);
  return sink;
}

TEST(FakeBackendTest, DoublesEachItemsRows) {
  FakeJournal journal;
  FakeModel model(FakeFacts(), {}, &journal);
  const Collected sink = RunTwo(model, Rows({1, 2, 3, 4}, 2), Rows({5, 6}, 1));
  ASSERT_EQ(sink.results.size(), 2u);
  EXPECT_THAT(Numbers(sink.results[0]), ElementsAre(2, 4, 6, 8));
  EXPECT_THAT(Numbers(sink.results[1]), ElementsAre(10, 12));
  EXPECT_THAT(journal.rows(), ElementsAre(3));
}

TEST(FakeBackendTest, APoisonedRowFailsTheWholeBatch) {
  FakeScript script;
  script.poison = 6;
  FakeModel model(FakeFacts(), script);
  const Collected sink = RunTwo(model, Rows({1, 2}, 1), Rows({5, 6}, 1));
  ASSERT_EQ(sink.results.size(), 2u);
  EXPECT_EQ(sink.results[0].status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(sink.results[1].status().code(), StatusCode::kInvalidArgument);
}

TEST(FakeBackendTest, AResultWithoutTheBatchFailsWhenMerged) {
  FakeScript script;
  script.drop_batch_dimension = true;
  FakeModel model(FakeFacts(), script);
  const Collected sink = RunTwo(model, Rows({1, 2}, 1), Rows({5, 6}, 1));
  EXPECT_EQ(sink.results[1].status().code(), StatusCode::kInternal);
}

TEST(FakeBackendTest, EffectsSeeTheWholeBatch) {
  FakeScript script;
  script.effect = [](FakeBatch& batch) { batch.out[0] = static_cast<double>(batch.rows); };
  FakeModel model(FakeFacts(), script);
  const Collected sink = RunTwo(model, Rows({1, 2}, 1), Rows({5, 6}, 1));
  EXPECT_THAT(Numbers(sink.results[0]), ElementsAre(2, 4));
  EXPECT_THAT(Numbers(sink.results[1]), ElementsAre(10, 12));
}

TEST(FakeBackendTest, LoadsOnlyWhatWasRegistered) {
  FakeBackend backend;
  backend.Register("a.pt", std::make_shared<FakeModel>(FakeFacts(), FakeScript{}));
  EXPECT_EQ((*backend.Load("a.pt", {}))->facts().methods[0].name, "forward");
  EXPECT_EQ(backend.Load("b.pt", {}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(*backend.ResolveDevice("auto"), "cpu");
  EXPECT_EQ(backend.ResolveDevice("cuda:0").status().code(), StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace flambeau
