#include "serving/inference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "serving/served_model.h"

namespace flambeau {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

NamedValue Row(std::vector<float> numbers, const std::string& name = "x") {
  const auto columns = static_cast<int64_t>(numbers.size());
  Tensor tensor = *Tensor::Allocate(DType::kFp32, {1, columns});
  std::memcpy(tensor.mutable_data(), numbers.data(), numbers.size() * sizeof(float));
  return {name, Value{tensor}};
}

class InferenceTest : public ::testing::Test {
 protected:
  void Serve(FakeScript script = {}, const Scheduler::Options& scheduler = {}) {
    served_.emplace(FakeFacts(), std::move(script), &clock_, metrics_.get(), scheduler);
    inference_.emplace(&gate_, served_->repository(), &clock_);
  }
  Result<Call> Begin(const std::string& model = "m", const std::string& version = "") {
    return inference_->Begin({}, model, version);
  }
  std::future<Result<InferResult>> Submit(Call call, InferRequest request) {
    auto answered = std::make_shared<std::promise<Result<InferResult>>>();
    inference_->Submit(std::move(call), std::move(request), [answered](Result<InferResult> result) {
      answered->set_value(std::move(result));
    });
    return answered->get_future();
  }
  Result<InferResult> Infer(InferRequest request) {
    Result<Call> call = Begin();
    EXPECT_TRUE(call.ok()) << call.status();
    return Submit(*std::move(call), std::move(request)).get();
  }

  SystemClock clock_;
  std::unique_ptr<Metrics> metrics_ = Metrics::Create();
  std::unique_ptr<Log> log_ = Log::Silent();
  Gate gate_{Gate::Options{}, &clock_, log_.get(), metrics_.get()};
  std::optional<ServedModel> served_;
  std::optional<Inference> inference_;
};

TEST_F(InferenceTest, AnswersAndCounts) {
  Serve();
  InferRequest request;
  request.id = "42";
  request.inputs.push_back(Row({1.5f, -2.0f}));
  const Result<InferResult> result = Infer(std::move(request));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->model, "m");
  EXPECT_EQ(result->version, 1);
  EXPECT_EQ(result->id, "42");
  ASSERT_EQ(result->outputs.size(), 1u);
  EXPECT_EQ(result->outputs[0].name, "output");
  const auto numbers = result->outputs[0].tensor.As<float>();
  ASSERT_EQ(numbers.size(), 2u);
  EXPECT_EQ(numbers[0], 3.0f);
  EXPECT_EQ(numbers[1], -4.0f);
  EXPECT_EQ(gate_.in_flight(), 0u);
  const std::string text = metrics_->Expose();
  EXPECT_THAT(text, HasSubstr(R"(nv_inference_request_success{model="m",version="1"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(nv_inference_count{model="m",version="1"} 1)"));
  EXPECT_THAT(
      text,
      HasSubstr(R"(flambeau_requests_total{model="m",protocol="http",status="OK",version="1"} 1)"));
}

TEST_F(InferenceTest, ATraceTellsWhenWhatHappened) {
  std::string folder = ::testing::TempDir() + "traces-XXXXXX";
  const std::filesystem::path path = std::filesystem::path(mkdtemp(folder.data())) / "traces.json";
  auto file = TraceFile::Create({path.string()}, log_.get());
  ASSERT_TRUE(file.ok()) << file.status();
  TraceSettings settings(log_.get(), (*file)->name());
  Tracer tracer(&settings, file->get(), &clock_);
  Serve();
  inference_.emplace(&gate_, served_->repository(), &clock_, nullptr, &tracer);
  const auto ask = [&](const std::string& id) {
    InferRequest request;
    request.id = id;
    request.inputs.push_back(Row({1.0f, 2.0f}));
    EXPECT_TRUE(Infer(std::move(request)).ok());
  };
  ask("not traced");
  ASSERT_TRUE(
      settings.Update("m", {{"trace_level", {{"TIMESTAMPS"}}}, {"trace_rate", {{"1"}}}}).ok());
  ask("traced");
  file->reset();
  std::ifstream stream(path);
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  EXPECT_THAT(text,
              HasSubstr(R"({"id":1,"model_name":"m","model_version":1,"request_id":"traced"})"));
  EXPECT_THAT(text, Not(HasSubstr("not traced")));
  size_t at = 0;
  for (const char* name : {"REQUEST_START", "QUEUE_START", "COMPUTE_START", "COMPUTE_INPUT_END",
                           "COMPUTE_OUTPUT_START", "COMPUTE_END", "REQUEST_END"}) {
    at = text.find(std::string(R"({"name":")") + name, at);
    EXPECT_NE(at, std::string::npos) << name;
  }
  std::filesystem::remove_all(folder);
}

TEST_F(InferenceTest, TheEmptyInputNameAndTheAliasesWork) {
  Serve();
  for (const char* name : {"", "INPUT__0", "x"}) {
    InferRequest request;
    request.inputs.push_back(Row({1.0f, 2.0f}, name));
    request.outputs.push_back({"OUTPUT__0", {}});
    const auto result = Infer(std::move(request));
    ASSERT_TRUE(result.ok()) << name << result.status();
    EXPECT_EQ(result->outputs[0].name, "OUTPUT__0");
  }
}

TEST_F(InferenceTest, BadInputsAndOutputsAreTheClientsMistake) {
  Serve();
  InferRequest wrong_name;
  wrong_name.inputs.push_back(Row({1.0f, 2.0f}, "y"));
  EXPECT_EQ(Infer(std::move(wrong_name)).status().code(), StatusCode::kInvalidArgument);
  InferRequest wrong_shape;
  wrong_shape.inputs.push_back(Row({1.0f, 2.0f, 3.0f}));
  EXPECT_EQ(Infer(std::move(wrong_shape)).status().code(), StatusCode::kInvalidArgument);
  InferRequest wrong_output;
  wrong_output.inputs.push_back(Row({1.0f, 2.0f}));
  wrong_output.outputs.push_back({"probabilities", {}});
  const Status refused = Infer(std::move(wrong_output)).status();
  EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(refused)), HasSubstr("'output'"));
  InferRequest negative;
  negative.timeout_us = -1;
  EXPECT_THAT(std::string(Message(Infer(std::move(negative)).status())), HasSubstr("timeout"));
  EXPECT_THAT(metrics_->Expose(),
              HasSubstr(R"(nv_inference_request_failure{model="m",reason="OTHER",version="1"} 4)"));
}

TEST_F(InferenceTest, BeginRefusesWhatCannotBeServed) {
  Serve();
  EXPECT_EQ(Begin("nobody").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(Begin("m", "7").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(Begin("m", "x").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Begin("../m").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Begin("broken").status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(inference_->Begin({}, "m", "", "train").status().code(), StatusCode::kNotFound);
  EXPECT_TRUE(Begin("").ok());
  gate_.BeginDrain();
  EXPECT_EQ(Begin().status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(gate_.in_flight(), 0u);
}

TEST_F(InferenceTest, AFullQueueIsSaidBeforeDecoding) {
  FakeLatch latch;
  FakeScript script;
  script.on_run = [&latch](int64_t) { latch.Pass(); };
  Scheduler::Options scheduler;
  scheduler.max_queue_size = 1;
  scheduler.prove = false;
  Serve(std::move(script), scheduler);
  latch.Close();
  std::vector<std::future<Result<InferResult>>> answers;
  for (int i = 0; i < 2; ++i) {
    InferRequest request;
    request.inputs.push_back(Row({1.0f, 2.0f}));
    Result<Call> call = Begin();
    ASSERT_TRUE(call.ok()) << call.status();
    answers.push_back(Submit(*std::move(call), std::move(request)));
    if (i == 0) latch.AwaitHeld(1);
  }
  EXPECT_EQ(Begin().status().code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(
      metrics_->Expose(),
      HasSubstr(R"(nv_inference_request_failure{model="m",reason="REJECTED",version="1"} 1)"));
  latch.Open();
  for (auto& answer : answers) EXPECT_TRUE(answer.get().ok());
}

TEST_F(InferenceTest, TheModelsOwnErrorsComeThrough) {
  FakeScript script;
  script.poison = 13.0;
  script.failure = Internal("The model failed.");
  Serve(std::move(script));
  InferRequest request;
  request.inputs.push_back(Row({13.0f, 2.0f}));
  EXPECT_EQ(Infer(std::move(request)).status().code(), StatusCode::kInternal);
  EXPECT_THAT(
      metrics_->Expose(),
      HasSubstr(R"(nv_inference_request_failure{model="m",reason="BACKEND",version="1"} 1)"));
}

TEST_F(InferenceTest, AClientThatHasGoneIsCancelled) {
  Serve();
  RequestContext context;
  context.cancel = std::make_shared<CancelToken>();
  context.cancel->Cancel();
  Result<Call> call = inference_->Begin(context, "m", "");
  ASSERT_TRUE(call.ok());
  InferRequest request;
  request.inputs.push_back(Row({1.0f, 2.0f}));
  EXPECT_EQ(Submit(*std::move(call), std::move(request)).get().status().code(),
            StatusCode::kCancelled);
}

TEST_F(InferenceTest, TheRepositoryMayEndAsSoonAsTheAnswerIsThere) {
  for (int i = 0; i < 20; ++i) {
    Serve();
    InferRequest request;
    request.inputs.push_back(Row({1.0f, 2.0f}));
    EXPECT_TRUE(Infer(std::move(request)).ok());
    InferRequest wrong;
    wrong.inputs.push_back(Row({1.0f}));
    EXPECT_FALSE(Infer(std::move(wrong)).ok());
    inference_.reset();
    served_.reset();
  }
}

TEST_F(InferenceTest, FailEndsACallWithoutARun) {
  Serve();
  Result<Call> call = Begin();
  ASSERT_TRUE(call.ok());
  EXPECT_EQ(gate_.in_flight(), 1u);
  EXPECT_EQ(call->Fail(InvalidArgument("not JSON")).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(gate_.in_flight(), 0u);
}

}  // namespace
}  // namespace flambeau
