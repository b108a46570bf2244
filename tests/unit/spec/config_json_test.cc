#include "spec/config_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "spec/config_file.h"

namespace flambeau {
namespace {

ModelConfig Parse(const std::string& text) {
  const auto parsed = ParseConfigPbtxt(text, kConfigPbtxt, {"m", ""});
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.ok() ? parsed->config : ModelConfig();
}

constexpr char kConfig[] = R"(
    name: "m" platform: "pytorch_libtorch" backend: "pytorch" max_batch_size: 8
    input { name: "x" data_type: TYPE_STRING dims: [ 3, -1 ] reshape { shape: [ 1, 3, -1 ] } }
    output { name: "y" data_type: TYPE_FP16 dims: [ 9007199254740993 ] }
    instance_group { name: "m_0" count: 2 kind: KIND_GPU gpus: [ 0, 1 ] }
    dynamic_batching { preferred_batch_size: 4 max_queue_delay_microseconds: 7
      priority_levels: 1 default_priority_level: 1
      priority_queue_policy { key: 1 value { timeout_action: DELAY } } }
    version_policy { specific { versions: [ 2 ] } }
    parameters { key: "a" value { string_value: "b" } }
    model_warmup { name: "w" inputs { key: "x" value {
      data_type: TYPE_FP32 dims: 3 random_data: true } } }
    response_cache { enable: true })";

TEST(ConfigJsonTest, UsesOriginalNamesNumbersAndEnumNames) {
  const auto json = nlohmann::json::parse(EncodeConfigJson(Parse(kConfig)));
  EXPECT_EQ(json["max_batch_size"], 8);
  EXPECT_EQ(json["input"][0]["data_type"], "TYPE_STRING");
  EXPECT_EQ(json["input"][0]["dims"], nlohmann::json({3, -1}));
  EXPECT_EQ(json["input"][0]["reshape"]["shape"], nlohmann::json({1, 3, -1}));
  EXPECT_EQ(json["input"][0]["optional"], false);
  EXPECT_EQ(json["output"][0]["dims"][0], 9007199254740993);
  EXPECT_EQ(json["instance_group"][0]["kind"], "KIND_GPU");
  EXPECT_EQ(json["dynamic_batching"]["max_queue_delay_microseconds"], 7);
  EXPECT_EQ(json["dynamic_batching"]["priority_queue_policy"]["1"]["timeout_action"], "DELAY");
  EXPECT_EQ(json["version_policy"]["specific"]["versions"][0], 2);
  EXPECT_EQ(json["parameters"]["a"]["string_value"], "b");
  EXPECT_EQ(json["model_warmup"][0]["inputs"]["x"]["random_data"], true);
  EXPECT_EQ(json["response_cache"]["enable"], true);
}

TEST(ConfigJsonTest, PrintsDefaultsAndLeavesOutWhatIsNotThere) {
  const auto json = nlohmann::json::parse(EncodeConfigJson(ModelConfig()));
  EXPECT_EQ(json["max_batch_size"], 0);
  EXPECT_EQ(json["name"], "");
  EXPECT_EQ(json["input"], nlohmann::json::array());
  EXPECT_EQ(json["parameters"], nlohmann::json::object());
  EXPECT_EQ(json["model_transaction_policy"]["decoupled"], false);
  EXPECT_EQ(json["version_policy"]["latest"]["num_versions"], 1);
  // perf_analyzer takes the presence of these for their use.
  EXPECT_FALSE(json.contains("dynamic_batching"));
  EXPECT_FALSE(json.contains("sequence_batching"));
  EXPECT_FALSE(json.contains("response_cache"));
}

TEST(ConfigJsonTest, ReadsBackWhatItWrote) {
  const ModelConfig config = Parse(kConfig);
  const auto again = ParseConfigJson(EncodeConfigJson(config), kConfigJson, {"m", ""});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->config, config);
}

TEST(ConfigJsonTest, TextThatIsNotUtf8DoesNotThrow) {
  ModelConfig config;
  config.parameters["a"] = "\xff";
  EXPECT_TRUE(nlohmann::json::accept(EncodeConfigJson(config)));
}

}  // namespace
}  // namespace flambeau
