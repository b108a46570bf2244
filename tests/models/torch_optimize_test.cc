// LibTorch's optimisations: what is left of a model after each of them.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "torch_cases.h"

namespace flambeau {
namespace {

Optimizations Of(std::initializer_list<Optimization> list) {
  Optimizations set;
  for (const Optimization one : list) set.Add(one);
  return set;
}

LoadOptions With(Optimizations optimizations) {
  LoadOptions options;
  options.optimizations = optimizations;
  return options;
}

// Each alone, and all of them.
class TorchOptimize : public testing::TestWithParam<Optimizations> {};

TEST_P(TorchOptimize, OtherMethodsAnswerAsBefore) {
  int methods = 0;
  for (const auto& entry : Cases()["results"]) {
    const auto name = entry["model"].get<std::string>();
    if (entry["method"] == "forward") continue;
    const auto model = TorchBackend().Load(CasePath(name + ".pt"), With(GetParam()));
    ASSERT_TRUE(model.ok()) << name << ": " << model.status();
    if ((*model)->facts().writes_state) continue;
    ++methods;
    auto instance = *(*model)->NewInstance();
    for (int round = 0; round < 3; ++round) {  // profiled, compiled, steady
      const auto results = RunBatch(*instance, MethodIndex(**model, entry["method"]),
                                    {DecodeAll(entry["items"][0])});
      ASSERT_TRUE(results[0].ok()) << name << ": " << results[0].status();
      std::string where;
      EXPECT_TRUE(Equal(*results[0], Decode(entry["expected"][0]), &where)) << name << where;
    }
  }
  EXPECT_GT(methods, 0);
}

// A client is told as much as before.
TEST_P(TorchOptimize, FailuresSayTheSame) {
  for (const auto& entry : Cases()["failures"]) {
    const auto model = entry["model"].get<std::string>();
    const auto optimized = TorchBackend().Load(CasePath(model + ".pt"), With(GetParam()));
    ASSERT_TRUE(optimized.ok()) << model << ": " << optimized.status();
    auto instance = *(*optimized)->NewInstance();
    const auto results = RunBatch(*instance, 0, {DecodeAll(entry["item"])});
    EXPECT_EQ(absl::StatusCodeToString(results[0].status().code()), entry["code"]) << model;
    EXPECT_NE(Message(results[0].status()).find(entry["says"].get<std::string>()),
              std::string_view::npos)
        << model << ": " << results[0].status();
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, TorchOptimize,
                         testing::Values(Of({Optimization::kFreeze}),
                                         Of({Optimization::kOptimizeForInference}),
                                         Of({Optimization::kChannelsLast}), Optimizations::All()));

TEST(TorchOptimizeFacts, TellWhatWasDone) {
  const std::string conv = CasePath("demo/digits.pt");
  EXPECT_EQ((*TorchBackend().Load(conv, {}))->facts().optimizations, Optimizations());
  for (const Optimization one : kOptimizations) {
    EXPECT_EQ((*TorchBackend().Load(conv, With(Of({one}))))->facts().optimizations, Of({one}));
  }
  const auto linear =
      TorchBackend().Load(CasePath("demo/linear.pt"), With(Of({Optimization::kChannelsLast})));
  EXPECT_EQ((*linear)->facts().optimizations, Optimizations()) << "it has no convolution";
}

// LibTorch's executor then runs the graph as it was saved, in every run.
TEST(TorchExecutor, MayBeToldToRewriteNothing) {
  const auto& entry = Cases()["results"][0];
  LoadOptions options;
  options.optimized = false;
  const auto model =
      TorchBackend().Load(CasePath(entry["model"].get<std::string>() + ".pt"), options);
  ASSERT_TRUE(model.ok()) << model.status();
  auto instance = *(*model)->NewInstance();
  for (int round = 0; round < 3; ++round) {
    const auto results =
        RunBatch(*instance, MethodIndex(**model, entry["method"]), {DecodeAll(entry["items"][0])});
    ASSERT_TRUE(results[0].ok()) << results[0].status();
    std::string where;
    EXPECT_TRUE(Equal(*results[0], Decode(entry["expected"][0]), &where)) << where;
  }
}

}  // namespace
}  // namespace flambeau
