#include "repository/model_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "backend/fake/fake_backend.h"
#include "spec/config_file.h"

namespace flambeau {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// No device but the processor.
class CpuBackend final : public Backend {
 public:
  std::string name() const override { return "cpu"; }
  std::string version() const override { return "1"; }
  Result<std::string> ResolveDevice(const std::string& wanted) override {
    if (wanted == "cpu") return wanted;
    return FailedPrecondition("no");
  }
  Result<std::shared_ptr<Model>> Load(const std::string&, const LoadOptions&) override {
    return Internal("not here");
  }
};

Result<ModelOptions> Choose(const std::string& pbtxt) {
  const auto parsed = ParseConfigPbtxt(pbtxt, kConfigPbtxt, {"m", ""});
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  Scheduler::Options server;
  server.instances = 2;
  server.max_batch_size = 32;
  server.max_queue_delay = std::chrono::microseconds(9);
  CpuBackend backend;
  return ChooseOptions(parsed->config, "cpu", server, &backend);
}

TEST(ModelOptionsTest, AnEmptyConfigurationChangesNothing) {
  const auto options = Choose("");
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->scheduler.instances, 2);
  EXPECT_EQ(options->scheduler.max_batch_size, 32);
  EXPECT_EQ(options->scheduler.max_queue_delay, std::chrono::microseconds(9));
  EXPECT_TRUE(options->scheduler.prove);
  EXPECT_TRUE(options->load.optimized);
  EXPECT_EQ(options->load.device, "cpu");
}

TuningScope Open(const std::string& pbtxt, const std::string& device = "cpu") {
  return LeftOpen(ParseConfigPbtxt(pbtxt, kConfigPbtxt, {"m", ""})->config, device,
                  {true, true, true, 2});
}

TEST(ModelOptionsTest, ATuningChoosesOnlyWhatTheConfigurationDoesNotSay) {
  EXPECT_TRUE(Open("").instances && Open("").threads && Open("").max_batch_size);
  EXPECT_EQ(Open("").cores, 2);
  EXPECT_FALSE(Open("instance_group { count: 1 }").instances);
  EXPECT_FALSE(Open("max_batch_size: 8").max_batch_size);
  EXPECT_FALSE(
      Open(R"(parameters { key: "INTRA_OP_THREAD_COUNT" value { string_value: "2" } })").threads);
  const TuningScope cuda = Open("", "cuda:0");
  EXPECT_TRUE(!cuda.instances && !cuda.threads && cuda.max_batch_size);
}

TEST(ModelOptionsTest, WhatWasTunedIsHowItRuns) {
  ModelOptions options;
  options.scheduler.instances = 4;
  Apply({0, 2, 8, ""}, &options);
  EXPECT_EQ(options.scheduler.instances, 4) << "not chosen";
  EXPECT_EQ(options.scheduler.intra_op_threads, 2);
  EXPECT_EQ(options.load.intra_op_threads, 2);
  EXPECT_EQ(options.scheduler.max_batch_size, 8);
}

TEST(ModelOptionsTest, InstancesAddUp) {
  EXPECT_EQ(Choose("instance_group { count: 3 kind: KIND_CPU } instance_group { kind: KIND_CPU }")
                ->scheduler.instances,
            4);
}

TEST(ModelOptionsTest, ADeviceThatIsNotHereIsRefused) {
  const auto gpu = Choose("instance_group { kind: KIND_GPU }");
  EXPECT_EQ(gpu.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(Message(gpu.status())), HasSubstr("instance_group asks for cuda"));
  const auto two = Choose("instance_group { kind: KIND_GPU gpus: [ 0, 1 ] }");
  EXPECT_EQ(two.status().code(), StatusCode::kUnimplemented);
}

TEST(ModelOptionsTest, BatchingIsTheSchedulers) {
  const auto options = Choose(R"(max_batch_size: 8 dynamic_batching {
      preferred_batch_size: 4 max_queue_delay_microseconds: 70
      priority_levels: 3 default_priority_level: 2
      default_queue_policy { default_timeout_microseconds: 5 allow_timeout_override: true }
      priority_queue_policy { key: 3 value { timeout_action: DELAY max_queue_size: 6 } } })");
  ASSERT_TRUE(options.ok());
  const Scheduler::Options& scheduler = options->scheduler;
  EXPECT_EQ(scheduler.max_batch_size, 8);
  EXPECT_TRUE(scheduler.prove);
  EXPECT_THAT(scheduler.preferred_batch_sizes, ElementsAre(4));
  EXPECT_EQ(scheduler.max_queue_delay, std::chrono::microseconds(70));
  EXPECT_EQ(scheduler.priority_levels, 3u);
  EXPECT_EQ(scheduler.default_priority, 2u);
  EXPECT_EQ(scheduler.default_policy.default_timeout, std::chrono::microseconds(5));
  EXPECT_TRUE(scheduler.default_policy.allow_timeout_override);
  EXPECT_EQ(scheduler.priority_policies.at(3).max_queue_size, 6u);
  EXPECT_EQ(scheduler.priority_policies.at(3).timeout_action, QueuePolicy::TimeoutAction::kDelay);
  EXPECT_TRUE(Choose("dynamic_batching { preserve_ordering: true }")->scheduler.preserve_ordering);
}

TEST(ModelOptionsTest, NoBatchMeansNoMerging) {
  const auto options = Choose("max_batch_size: 0");
  EXPECT_FALSE(options->scheduler.prove);
  EXPECT_EQ(options->scheduler.max_batch_size, 1);
}

std::string Parameter(const std::string& name, const std::string& value) {
  return "parameters { key: '" + name + "' value { string_value: '" + value + "' } }";
}

TEST(ModelOptionsTest, ParametersTakeEffectOrAreNamed) {
  const auto options =
      Choose(Parameter("DISABLE_OPTIMIZED_EXECUTION", "True") +
             Parameter("INTRA_OP_THREAD_COUNT", "3") + Parameter("INFERENCE_MODE", "true"));
  ASSERT_TRUE(options.ok());
  EXPECT_FALSE(options->load.optimized);
  EXPECT_EQ(options->load.intra_op_threads, 3);
  EXPECT_EQ(options->scheduler.intra_op_threads, 3);
  EXPECT_THAT(options->warnings, IsEmpty());
  for (const char* name : {"INTER_OP_THREAD_COUNT", "ENABLE_WEIGHT_SHARING", "MY_OWN"}) {
    EXPECT_THAT(Choose(Parameter(name, "1"))->warnings,
                ElementsAre(HasSubstr(std::string(name) + " has no effect")));
  }
  EXPECT_THAT(Choose(Parameter("INFERENCE_MODE", "false"))->warnings,
              ElementsAre(HasSubstr("always")));
  for (const char* name :
       {"DISABLE_OPTIMIZED_EXECUTION", "INTRA_OP_THREAD_COUNT", "INFERENCE_MODE"}) {
    EXPECT_EQ(Choose(Parameter(name, "maybe")).status().code(), StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace flambeau
