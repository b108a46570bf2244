// What the module answers is what PyTorch answers, alone and merged.
#include <gtest/gtest.h>

#include <cstring>

#include "torch_cases.h"

namespace flambeau {
namespace {

std::shared_ptr<Model> Load(const std::string& name) {
  auto model = TorchBackend().Load(CasePath(name + ".pt"), LoadOptions{});
  EXPECT_TRUE(model.ok()) << name << ": " << model.status();
  return model.ok() ? *model : nullptr;
}

class TorchResult : public testing::TestWithParam<size_t> {
 protected:
  void SetUp() override {
    case_ = Cases()["results"][GetParam()];
    model_ = Load(case_["model"]);
    ASSERT_NE(model_, nullptr);
    method_ = MethodIndex(*model_, case_["method"]);
    for (const auto& item : case_["items"]) items_.push_back(DecodeAll(item));
  }

  nlohmann::json case_;
  std::shared_ptr<Model> model_;
  size_t method_ = 0;
  std::vector<std::vector<Value>> items_;
};

TEST_P(TorchResult, EachItemAloneEqualsPyTorch) {
  auto instance = *model_->NewInstance();
  for (int round = 0; round < 3; ++round) {  // profiled, compiled, steady
    for (size_t i = 0; i < items_.size(); ++i) {
      const auto results = RunBatch(*instance, method_, {items_[i]});
      ASSERT_TRUE(results[0].ok()) << case_["model"] << ": " << results[0].status();
      std::string where;
      EXPECT_TRUE(Equal(*results[0], Decode(case_["expected"][i]), &where))
          << case_["model"] << " item " << i << ": " << where;
    }
  }
}

TEST_P(TorchResult, MergedItemsEqualPyTorch) {
  if (items_.size() < 2) return;
  auto instance = *model_->NewInstance();
  for (int round = 0; round < 3; ++round) {
    const auto results = RunBatch(*instance, method_, items_);
    for (size_t i = 0; i < items_.size(); ++i) {
      ASSERT_TRUE(results[i].ok()) << case_["model"] << ": " << results[i].status();
      std::string where;
      EXPECT_TRUE(Equal(*results[i], Decode(case_["expected"][i]), &where))
          << case_["model"] << " item " << i << ": " << where;
    }
  }
}

TEST_P(TorchResult, RequestMemoryIsNeitherWrittenNorKept) {
  std::vector<Value> copies = DecodeAll(case_["items"][0]);
  auto instance = *model_->NewInstance();
  const auto results = RunBatch(*instance, method_, {items_[0]});
  ASSERT_TRUE(results[0].ok());
  std::string where;
  for (size_t i = 0; i < copies.size(); ++i) {
    EXPECT_TRUE(Equal(items_[0][i], copies[i], &where)) << case_["model"] << ": " << where;
  }
  // Overwrite the request's memory: the answer must not change with it.
  for (Value& value : items_[0]) {
    if (auto* tensor = std::get_if<Tensor>(&value.data)) {
      std::memset(tensor->mutable_data(), 0x5a, tensor->bytes());
    }
  }
  EXPECT_TRUE(Equal(*results[0], Decode(case_["expected"][0]), &where))
      << case_["model"] << ": " << where;
}

TEST_P(TorchResult, ProbeAnswersAsTheModelDoes) {
  auto probe = model_->NewProbe();
  ASSERT_TRUE(probe.ok()) << case_["model"] << ": " << probe.status();
  const auto results = RunBatch(**probe, method_, {items_[0]});
  ASSERT_TRUE(results[0].ok()) << results[0].status();
  std::string where;
  EXPECT_TRUE(Equal(*results[0], Decode(case_["expected"][0]), &where))
      << case_["model"] << ": " << where;
}

INSTANTIATE_TEST_SUITE_P(
    Models, TorchResult, testing::Range(size_t{0}, Cases()["results"].size()),
    [](const auto& info) {
      return Cases()["results"][info.param]["model"].template get<std::string>();
    });

TEST(TorchResultMemory, AResultThatIsAWeightIsACopy) {
  auto model = Load("weight");
  auto instance = *model->NewInstance();
  const std::vector<Value> item = DecodeAll(Cases()["results"][0]["items"][0]);
  auto first = RunBatch(*instance, 0, {item});
  auto second = RunBatch(*instance, 0, {item});
  EXPECT_NE(first[0]->tensor()->data(), second[0]->tensor()->data());
}

TEST(TorchResultMemory, RowsOfAMergedResultShareItsMemory) {
  auto model = Load("linear");
  auto instance = *model->NewInstance();
  std::vector<std::vector<Value>> items;
  for (const auto& entry : Cases()["results"]) {
    if (entry["model"] != "linear") continue;
    for (const auto& item : entry["items"]) items.push_back(DecodeAll(item));
  }
  ASSERT_EQ(items.size(), 3u);
  const auto results = RunBatch(*instance, 0, items);
  EXPECT_EQ(results[0]->tensor()->owner(), results[2]->tensor()->owner());
  EXPECT_EQ(results[1]->tensor()->data(),
            results[0]->tensor()->data() + results[0]->tensor()->bytes());
}

TEST(TorchProbe, WritesAttributesOfItsOwn) {
  auto model = Load("tensor_counter");
  auto instance = *model->NewInstance();
  auto probe = *model->NewProbe();
  Tensor zero = *Tensor::Allocate(DType::kFp32, {1, 1});
  std::memset(zero.mutable_data(), 0, zero.bytes());
  const std::vector<Value> item = {Value{zero}};
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(RunBatch(*probe, 0, {item})[0]->tensor()->As<float>()[0], static_cast<float>(i));
  }
  EXPECT_EQ(RunBatch(*instance, 0, {item})[0]->tensor()->As<float>()[0], 1.0F);
}

TEST(TorchRun, MeasuresItsStages) {
  auto model = Load("linear");
  auto instance = *model->NewInstance();
  const std::vector<Value> arguments = DecodeAll(Cases()["results"][0]["items"][0]);
  Item item;
  item.arguments = arguments;
  CollectingSink sink(1);
  const RunTiming timing = instance->Run(std::span<const Item>(&item, 1), sink);
  EXPECT_GT(timing.compute.count(), 0);
  EXPECT_GT(timing.gather.count(), 0);
  EXPECT_GT(timing.scatter.count(), 0);
}

}  // namespace
}  // namespace flambeau
