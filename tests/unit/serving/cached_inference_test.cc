// Inference in front of a response cache.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "doubles/echo_repository.h"
#include "serving/inference.h"

namespace flambeau {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class CachedInferenceTest : public ::testing::Test {
 protected:
  CachedInferenceTest() {
    ModelConfig config;
    config.response_cache = true;
    repository_.echo().set_config(config);
    repository_.echo().set_metrics(metrics_->ForModel("echo", "1"));
  }
  ~CachedInferenceTest() override { repository_.echo().set_metrics(nullptr); }

  // The answer must come inside Submit: the double answers at once.
  Result<InferResult> Infer(float number, const std::string& output = "") {
    Result<Call> call = inference_.Begin({}, "echo", "");
    EXPECT_TRUE(call.ok()) << call.status();
    InferRequest request;
    request.id = "q";
    Tensor tensor = *Tensor::Allocate(DType::kFp32, {1, 1});
    std::memcpy(tensor.mutable_data(), &number, sizeof(number));
    request.inputs.push_back({"x", Value{tensor}});
    if (!output.empty()) request.outputs.push_back({output});
    std::optional<Result<InferResult>> answer;
    inference_.Submit(*std::move(call), std::move(request),
                      [&](Result<InferResult> result) { answer = std::move(result); });
    EXPECT_TRUE(answer.has_value());
    return *std::move(answer);
  }
  size_t runs() { return repository_.echo().scheduler().submitted(); }
  StatisticsCounts counts() { return repository_.echo().statistics()->Read(); }

  SystemClock clock_;
  std::unique_ptr<Log> log_ = Log::Silent();
  std::unique_ptr<Metrics> metrics_ = Metrics::Create();
  DoubleRepository repository_;
  Gate gate_{{}, &clock_, log_.get(), metrics_.get()};
  ResponseCache cache_{1 << 20};
  Inference inference_{&gate_, &repository_, &clock_, &cache_};
};

TEST_F(CachedInferenceTest, TheSameQuestionIsAnsweredWithoutARun) {
  for (int i = 0; i < 3; ++i) {
    const auto result = Infer(1.5f);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->id, "q");
    EXPECT_EQ(result->outputs.at(0).tensor.As<float>()[0], 1.5f);
  }
  EXPECT_EQ(Infer(2.5f)->outputs.at(0).tensor.As<float>()[0], 2.5f);
  EXPECT_EQ(runs(), 2u);
  EXPECT_EQ(counts().success.count, 4u);
  EXPECT_EQ(counts().queue.count, 4u);
  EXPECT_EQ(counts().compute_infer.count, 2u);
  EXPECT_EQ(counts().inference_count, 2u);
  EXPECT_EQ(counts().cache_hit.count, 2u);
  EXPECT_EQ(counts().cache_miss.count, 2u);
  EXPECT_GT(counts().cache_miss.ns, 0u);
  EXPECT_EQ(gate_.in_flight(), 0u);
  const std::string text = metrics_->Expose();
  EXPECT_THAT(text, HasSubstr(R"(nv_cache_num_hits_per_model{model="echo",version="1"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(nv_cache_num_misses_per_model{model="echo",version="1"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(nv_inference_request_success{model="echo",version="1"} 4)"));
  EXPECT_THAT(text, HasSubstr(R"(nv_inference_count{model="echo",version="1"} 2)"));
}

TEST_F(CachedInferenceTest, OutputsAreChosenFromTheWholeAnswer) {
  ASSERT_TRUE(Infer(1.5f).ok());
  const auto renamed = Infer(1.5f, "OUTPUT__0");
  ASSERT_TRUE(renamed.ok());
  EXPECT_EQ(renamed->outputs.at(0).name, "OUTPUT__0");
  EXPECT_EQ(Infer(1.5f, "nothing").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(runs(), 1u);
  EXPECT_EQ(counts().cache_hit.count, 1u);
  EXPECT_EQ(counts().fail.count, 1u);
}

TEST_F(CachedInferenceTest, AFailureIsNotRemembered) {
  repository_.echo().scheduler().FailWith(Internal("the model failed"));
  EXPECT_EQ(Infer(1.5f).status().code(), StatusCode::kInternal);
  EXPECT_EQ(cache_.entries(), 0u);
  repository_.echo().scheduler().FailWith(OkStatus());
  EXPECT_TRUE(Infer(1.5f).ok());
  EXPECT_EQ(runs(), 2u);
  EXPECT_EQ(counts().cache_miss.count, 2u);
  EXPECT_EQ(counts().fail.count, 1u);
}

TEST_F(CachedInferenceTest, AModelThatDoesNotAskForItRunsEachTime) {
  repository_.echo().set_config({});
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(Infer(1.5f).ok());
  EXPECT_EQ(runs(), 2u);
  EXPECT_EQ(counts().cache_miss.count, 0u);
  EXPECT_THAT(metrics_->Expose(), Not(HasSubstr("nv_cache_num_hits_per_model{")));
}

TEST_F(CachedInferenceTest, AModelThatWritesItsStateRunsEachTime) {
  repository_.echo().mutable_facts()->writes_state = true;
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(Infer(1.5f).ok());
  EXPECT_EQ(runs(), 2u);
  EXPECT_EQ(cache_.entries(), 0u);
}

TEST_F(CachedInferenceTest, AnAnswerFromTheCachePassesTheGate) {
  ASSERT_TRUE(Infer(1.5f).ok());
  gate_.BeginDrain();
  EXPECT_EQ(inference_.Begin({}, "echo", "").status().code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace flambeau
