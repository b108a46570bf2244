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

// A client is told as much as before, the line of the source included.
TEST_P(TorchOptimize, FailuresSayTheSame) {
  const auto failure = [](const nlohmann::json& entry, const LoadOptions& options) {
    const auto name = entry["model"].get<std::string>();
    const auto model = TorchBackend().Load(CasePath(name + ".pt"), options);
    if (!model.ok()) return model.status();
    return RunBatch(**(*model)->NewInstance(), 0, {DecodeAll(entry["item"])})[0].status();
  };
  for (const auto& entry : Cases()["failures"]) {
    const Status plain = failure(entry, {});
    EXPECT_FALSE(plain.ok()) << entry["model"];
    EXPECT_EQ(failure(entry, With(GetParam())), plain) << entry["model"];
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
