// Several versions, configurations and explicit model control.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "repository/repository_fixture.h"

namespace flambeau {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

using ModelControlTest = RepositoryFixture;

TEST_F(ModelControlTest, ServesTheVersionsOfThePolicyAtOnce) {
  for (const char* version : {"1", "2", "3"}) {
    directory_.Write(std::string("m/") + version + "/model.pt", "good model");
  }
  directory_.Write("m/config.pbtxt", "version_policy { specific { versions: [ 1, 3 ] } }");
  StartAll();
  EXPECT_THAT(States("m"), ElementsAre("1 READY", "3 READY"));
  EXPECT_EQ(ServedVersion("m"), 3);
  EXPECT_EQ((*repository_->Resolve("m", "1"))->version(), 1);
  EXPECT_EQ(CodeOf("m", "2"), StatusCode::kNotFound);
  const auto ready = repository_->Ready("m");
  ASSERT_EQ(ready.size(), 2u);
  EXPECT_EQ(ready[0]->version(), 3);
}

TEST_F(ModelControlTest, ABadVersionDoesNotTakeTheOthersDown) {
  directory_.Write("m/1/model.pt", "good model");
  directory_.Write("m/2/model.pt", "bad");
  directory_.Write("m/config.pbtxt", "version_policy { all { } }");
  StartAll();
  EXPECT_THAT(States("m"), ElementsAre("1 READY", "2 UNAVAILABLE: It is a bad file."));
  EXPECT_EQ(ServedVersion("m"), 1);
  EXPECT_EQ(CodeOf("m", "2"), StatusCode::kUnavailable);
}

TEST_F(ModelControlTest, AWrongConfigurationIsShownInTheIndex) {
  directory_.Write("a/1/model.pt", "good model");
  directory_.Write("a/config.pbtxt", "max_batch_size: -4");
  directory_.Write("b/1/model.pt", "good model");
  directory_.Write("b/config.pbtxt", "input { name: 'INPUT__3' dims: 2 }");
  directory_.Write("c/1/model.pt", "good model");
  directory_.Write("c/config.pbtxt", "instance_group { kind: KIND_GPU }");
  directory_.Write("d/1/model.pt", "good model");
  directory_.Write("d/config.pbtxt",
                   "model_warmup { name: 'w' inputs { key: 'z' value { data_type: TYPE_FP32 "
                   "dims: [ 1, 2 ] zero_data: true } } }");
  StartAll();
  EXPECT_THAT(States("a"), ElementsAre(HasSubstr("config.pbtxt, line 1: max_batch_size must")));
  EXPECT_THAT(States("b"), ElementsAre(HasSubstr("no argument for input 'INPUT__3'")));
  EXPECT_THAT(States("c"), ElementsAre(HasSubstr("instance_group asks for cuda")));
  EXPECT_THAT(States("d"), ElementsAre(HasSubstr("Warm-up sample 'w': there is no input 'z'.")));
  EXPECT_EQ(CodeOf("a"), StatusCode::kUnavailable);
}

TEST_F(ModelControlTest, ConfigurationNamesAndLimits) {
  directory_.Write("m/1/model.pt", "good model");
  directory_.Write("m/config.pbtxt", R"(max_batch_size: 6
      input { name: "INPUT__0" data_type: TYPE_FP32 dims: 2 }
      output { name: "OUTPUT__0" data_type: TYPE_FP32 dims: 2 }
      instance_group { count: 2 kind: KIND_CPU })");
  StartAll();
  const ServablePtr servable = *repository_->Resolve("m", "");
  EXPECT_EQ(servable->signature(0)->arguments[0].name, "INPUT__0");
  EXPECT_EQ(servable->scheduler().instances(), 2);
  const auto config = servable->config();
  EXPECT_EQ(config->max_batch_size, 6);
  EXPECT_EQ(config->inputs[0].dims, Shape({2}));
  EXPECT_EQ(config->instance_groups[0].count, 2);
  EXPECT_EQ(servable->config(), config);  // made once
}

TEST_F(ModelControlTest, WarmupRunsBeforeReadyAndAFailureFailsTheLoad) {
  directory_.Write("m/1/model.pt", "good model");
  const std::string warmup =
      "max_batch_size: 4 instance_group { count: 1 } model_warmup { name: 'w' batch_size: 3 count: "
      "5 "
      "inputs { key: 'x' value { data_type: TYPE_FP32 dims: 2 random_data: true } } }";
  directory_.Write("m/config.pbtxt", warmup);
  std::atomic<int> runs_of_three{0};
  backend_.script.on_run = [&](int64_t rows) { runs_of_three += rows == 3 ? 1 : 0; };
  StartAll();
  EXPECT_THAT(States("m"), ElementsAre("1 READY"));
  EXPECT_GE(runs_of_three, 5);
  repository_.reset();
  backend_.script.fail = [](const FakeBatch& batch) {
    return batch.rows == 3 ? InvalidArgument("three is too many") : OkStatus();
  };
  StartAll();
  EXPECT_THAT(States("m"), ElementsAre(HasSubstr("Warm-up sample 'w': three is too many.")));
}

TEST_F(ModelControlTest, LoadsOnlyWhatIsNamedAtStart) {
  directory_.Write("a.pt", "good model");
  directory_.Write("b.pt", "good model");
  Start({"a"});
  EXPECT_THAT(States("a"), ElementsAre("1 READY"));
  EXPECT_THAT(States("b"), ElementsAre("0 UNAVAILABLE: it is not loaded"));
  EXPECT_EQ(CodeOf("b"), StatusCode::kUnavailable);
  EXPECT_TRUE(Load("b").ok());
  EXPECT_EQ(ServedVersion("b"), 1);
  Start({"*"});
  EXPECT_THAT(States("b"), ElementsAre("1 READY"));
}

TEST_F(ModelControlTest, WithoutExplicitControlNothingIsLoadedOnRequest) {
  directory_.Write("a.pt", "good model");
  StartAll();
  EXPECT_EQ(Load("a").code(), StatusCode::kUnimplemented);
  EXPECT_EQ(Unload("a").code(), StatusCode::kUnimplemented);
  EXPECT_THAT(States("a"), ElementsAre("1 READY"));
}

TEST_F(ModelControlTest, LoadsWhatHasComeSinceAndRefusesWhatIsNotThere) {
  Start({});
  EXPECT_EQ(Load("new").code(), StatusCode::kNotFound);
  EXPECT_EQ(Load("../new").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Unload("new").code(), StatusCode::kNotFound);
  directory_.Write("new/1/model.pt", "good model");
  EXPECT_TRUE(Load("new").ok());
  EXPECT_EQ(ServedVersion("new"), 1);
  directory_.Write("new/2/model.pt", "good model");
  EXPECT_EQ(ServedVersion("new"), 1);
  EXPECT_TRUE(Load("new").ok());
  EXPECT_EQ(ServedVersion("new"), 2);
  EXPECT_THAT(States("new"), ElementsAre("2 READY"));
}

TEST_F(ModelControlTest, AFailedLoadNeverReplacesAGoodVersion) {
  directory_.Write("m/1/model.pt", "good model");
  Start({"m"});
  directory_.Write("m/2/model.pt", "bad");
  const Status failed = Load("m");
  EXPECT_EQ(failed.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(failed)),
              HasSubstr("Model 'm' could not be loaded, version 2: It is a bad file."));
  EXPECT_THAT(States("m"), ElementsAre("1 READY", "2 UNAVAILABLE: It is a bad file."));
  EXPECT_EQ(ServedVersion("m"), 1);
  directory_.Write("m/1/model.pt", "bad");  // nor does a file that was overwritten
  directory_.Write("m/config.pbtxt", "version_policy { all { } }");
  EXPECT_FALSE(Load("m").ok());
  EXPECT_EQ(ServedVersion("m"), 1);
  directory_.Write("m/config.pbtxt", "nonsense");
  EXPECT_THAT(std::string(Message(Load("m"))), HasSubstr("config.pbtxt, line 1"));
  EXPECT_EQ(ServedVersion("m"), 1);
}

TEST_F(ModelControlTest, WhatHasNotChangedIsNotLoadedAgain) {
  directory_.Write("m/1/model.pt", "good model");
  Start({"m"});
  const ServablePtr before = *repository_->Resolve("m", "");
  EXPECT_TRUE(Load("m").ok());
  EXPECT_EQ(backend_.loads, 1);
  EXPECT_EQ(*repository_->Resolve("m", ""), before);
  directory_.Write("m/config.pbtxt", "max_batch_size: 2");
  EXPECT_TRUE(Load("m").ok());
  EXPECT_EQ(backend_.loads, 2);
  EXPECT_NE(*repository_->Resolve("m", ""), before);
  EXPECT_EQ((*repository_->Resolve("m", ""))->config()->max_batch_size, 2);
}

TEST_F(ModelControlTest, AConfigurationMayComeWithTheRequest) {
  directory_.Write("m/1/model.pt", "good model");
  Start({});
  EXPECT_TRUE(Load("m", R"({"max_batch_size": 3})").ok());
  EXPECT_EQ((*repository_->Resolve("m", ""))->config()->max_batch_size, 3);
  EXPECT_THAT(std::string(Message(Load("m", R"({"max_batch_size": "x"})"))),
              HasSubstr("parameter 'config'"));
  EXPECT_EQ((*repository_->Resolve("m", ""))->config()->max_batch_size, 3);
}

TEST_F(ModelControlTest, TheOldVersionServesUntilTheNewOneIsReady) {
  directory_.Write("m/1/model.pt", "good model");
  Start({"m"});
  directory_.Write("m/2/model.pt", "good model");
  backend_.latch.Close();
  std::promise<Status> answered;
  repository_->Load("m", std::nullopt, [&](const Status& status) { answered.set_value(status); });
  backend_.latch.AwaitHeld(1);
  EXPECT_THAT(States("m"), ElementsAre("1 READY", "2 LOADING"));
  EXPECT_EQ(ServedVersion("m"), 1);
  backend_.latch.Open();
  EXPECT_TRUE(answered.get_future().get().ok());
  EXPECT_EQ(ServedVersion("m"), 2);
}

TEST_F(ModelControlTest, UnloadLetsPinnedRequestsEnd) {
  directory_.Write("m/1/model.pt", "good model");
  FakeLatch run;
  backend_.script.on_run = [&](int64_t) { run.Pass(); };
  Start({"m"});
  ServablePtr pinned = *repository_->Resolve("m", "");
  run.Close();
  EXPECT_THAT(metrics_->Expose(), HasSubstr(R"(nv_inference_count{model="m",version="1"})"));
  EXPECT_TRUE(Unload("m").ok());
  EXPECT_THAT(States("m"), ElementsAre("1 UNLOADING"));
  EXPECT_EQ(CodeOf("m"), StatusCode::kUnavailable);
  std::promise<Status> answered;
  Work work;
  work.arguments.resize(1);
  Tensor tensor = *Tensor::Allocate(DType::kFp32, {1, 2});
  std::fill_n(reinterpret_cast<float*>(tensor.mutable_data()), 2, 1.0f);
  work.arguments[0].data = tensor;
  // The last pin goes on a worker of the version's own scheduler.
  ServablePtr submitter = pinned;
  work.done = [&, pinned = std::move(pinned)](const Result<Outcome>& outcome) mutable {
    pinned = nullptr;
    answered.set_value(outcome.status());
  };
  submitter->scheduler().Submit(std::move(work));
  run.AwaitHeld(1);
  submitter = nullptr;
  run.Open();
  EXPECT_TRUE(answered.get_future().get().ok());
  AwaitStates("m", {"1 UNAVAILABLE: unloaded"});
  EXPECT_THAT(metrics_->Expose(), Not(HasSubstr(R"(model="m")")));
  EXPECT_TRUE(Load("m").ok());
  EXPECT_EQ(ServedVersion("m"), 1);
}

TEST_F(ModelControlTest, WaitingLoadsAreBoundedAndAnsweredAtTheEnd) {
  directory_.Write("m/1/model.pt", "good model");
  Start({});
  backend_.latch.Close();
  std::vector<std::promise<Status>> answers(80);
  for (auto& answer : answers) {
    repository_->Load("m", std::nullopt, [&](const Status& status) { answer.set_value(status); });
  }
  backend_.latch.AwaitHeld(1);
  repository_->Stop();
  backend_.latch.Open();
  int refused = 0;
  for (auto& answer : answers) {
    const StatusCode code = answer.get_future().get().code();
    refused += code == StatusCode::kResourceExhausted ? 1 : 0;
    EXPECT_NE(code, StatusCode::kOk);
  }
  EXPECT_GE(refused, 80 - 64 - 1);
}

}  // namespace
}  // namespace flambeau
