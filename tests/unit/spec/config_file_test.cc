#include "spec/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "repository/temp_directory.h"

namespace flambeau {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kWhole[] = R"(name: "m"
platform: "pytorch_libtorch"
max_batch_size: 8
input [
  { name: "INPUT__0" data_type: TYPE_FP32 dims: [ 3, -1 ] },
  { name: "INPUT__1" data_type: TYPE_STRING dims: [ 4 ] reshape: { shape: [ 2, 2 ] } optional: true }
]
output { name: "OUTPUT__0" data_type: TYPE_BF16 dims: 5 label_filename: "labels.txt" }
instance_group { count: 3 kind: KIND_CPU }
dynamic_batching {
  preferred_batch_size: [ 4, 8 ]
  max_queue_delay_microseconds: 100
  priority_levels: 2
  default_priority_level: 2
  default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 5 max_queue_size: 9 }
  priority_queue_policy { key: 1 value { allow_timeout_override: true } }
}
version_policy { specific { versions: [ 1, 3 ] } }
parameters { key: "INFERENCE_MODE" value { string_value: "true" } }
model_warmup {
  name: "zeros" batch_size: 2 count: 3
  inputs { key: "INPUT__0" value { data_type: TYPE_FP32 dims: [ 3, 7 ] zero_data: true } }
}
response_cache { enable: true }
default_model_filename: "net.pt"
)";

Result<ParsedConfig> Pbtxt(const std::string& text, const std::string& directory = "") {
  return ParseConfigPbtxt(text, kConfigPbtxt, {"m", directory});
}
Result<ParsedConfig> Json(const std::string& text) {
  return ParseConfigJson(text, kConfigJson, {"m", ""});
}
std::string ErrorOf(const Result<ParsedConfig>& parsed) {
  EXPECT_EQ(parsed.status().code(), StatusCode::kInvalidArgument);
  return std::string(Message(parsed.status()));
}

TEST(ConfigFileTest, ReadsEveryFieldThatIsHonoured) {
  const TempDirectory directory;
  directory.Write("labels.txt", "cat\r\ndog\n");
  const auto parsed = Pbtxt(kWhole, directory.path());
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_THAT(parsed->warnings, IsEmpty());
  const ModelConfig& config = parsed->config;
  EXPECT_EQ(config.max_batch_size, 8);
  ASSERT_EQ(config.inputs.size(), 2u);
  EXPECT_EQ(config.inputs[0].dims, Shape({3, -1}));
  EXPECT_EQ(config.inputs[0].dtype, DType::kFp32);
  EXPECT_EQ(config.inputs[0].reshape, std::nullopt);
  EXPECT_EQ(config.inputs[1].dtype, DType::kBytes);
  EXPECT_EQ(config.inputs[1].reshape, Shape({2, 2}));
  EXPECT_TRUE(config.inputs[1].optional);
  ASSERT_EQ(config.outputs.size(), 1u);
  EXPECT_EQ(config.outputs[0].dtype, DType::kBf16);
  EXPECT_THAT(config.outputs[0].labels, ElementsAre("cat", "dog"));
  ASSERT_EQ(config.instance_groups.size(), 1u);
  EXPECT_EQ(config.instance_groups[0].count, 3);
  EXPECT_EQ(config.instance_groups[0].kind, InstanceKind::kCpu);
  ASSERT_TRUE(config.dynamic_batching.has_value());
  EXPECT_THAT(config.dynamic_batching->preferred_batch_sizes, ElementsAre(4, 8));
  EXPECT_EQ(config.dynamic_batching->max_queue_delay_us, 100u);
  EXPECT_EQ(config.dynamic_batching->default_priority_level, 2u);
  EXPECT_TRUE(config.dynamic_batching->default_queue_policy.delay_on_timeout);
  EXPECT_EQ(config.dynamic_batching->default_queue_policy.max_queue_size, 9u);
  EXPECT_TRUE(config.dynamic_batching->priority_queue_policy.at(1).allow_timeout_override);
  EXPECT_EQ(config.version_policy.kind, ConfigVersionPolicy::Kind::kSpecific);
  EXPECT_THAT(config.version_policy.specific, ElementsAre(1, 3));
  EXPECT_EQ(config.parameters.at("INFERENCE_MODE"), "true");
  ASSERT_EQ(config.warmup.size(), 1u);
  EXPECT_EQ(config.warmup[0].count, 3u);
  EXPECT_EQ(config.warmup[0].inputs[0].dims, Shape({3, 7}));
  EXPECT_TRUE(config.response_cache);
  EXPECT_EQ(config.default_model_filename, "net.pt");
}

TEST(ConfigFileTest, JsonSaysTheSame) {
  const auto json = Json(R"({"name": "m", "max_batch_size": 4,
      "input": [{"name": "x", "data_type": "TYPE_INT64", "dims": [2, "-1"]}],
      "version_policy": {"latest": {"num_versions": 2}},
      "dynamic_batching": {}})");
  ASSERT_TRUE(json.ok()) << json.status();
  const auto text = Pbtxt(R"(name: "m" max_batch_size: 4
      input { name: "x" data_type: TYPE_INT64 dims: [ 2, -1 ] }
      version_policy { latest { num_versions: 2 } } dynamic_batching { })");
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(json->config, text->config);
  EXPECT_EQ(json->config.version_policy.latest, 2u);
}

TEST(ConfigFileTest, NoMaxBatchSizeMeansTritonsOnlyWhereTensorsAreDeclared) {
  EXPECT_EQ(Pbtxt("instance_group { count: 2 }")->config.max_batch_size, std::nullopt);
  EXPECT_EQ(Pbtxt("input { name: 'x' dims: 3 }")->config.max_batch_size, 0);
  EXPECT_EQ(Pbtxt("max_batch_size: 0")->config.max_batch_size, 0);
}

TEST(ConfigFileTest, ErrorsNameFileLineAndField) {
  EXPECT_THAT(ErrorOf(Pbtxt("name: \"m\"\nmax_batch: 8\n")),
              AllOf(HasSubstr("config.pbtxt, line 2"), HasSubstr("max_batch")));
  EXPECT_THAT(ErrorOf(Pbtxt("name: \"m\"\ninput {\n  name: \"x\"\n  dims: [ 3,\n 0 ]\n}\n")),
              HasSubstr("config.pbtxt, line 4: input[0].dims[1] is 0 but must be -1 or above 0."));
  EXPECT_THAT(ErrorOf(Pbtxt("\nname: 'other'")), HasSubstr("config.pbtxt, line 2: name is"));
  EXPECT_THAT(ErrorOf(Json(R"({"input": [{"name": "x", "dims": [0]}]})")),
              HasSubstr("config.json: input[0].dims[0] is 0"));
  EXPECT_THAT(ErrorOf(Json(R"({"input": [{"nam": "x"}]})")),
              AllOf(HasSubstr("config.json: "), HasSubstr("nam")));
  const std::string truncated = ErrorOf(Json("{\"name\": \n\"m\""));
  EXPECT_EQ(truncated.find('\n'), std::string::npos);
  EXPECT_EQ(truncated.back(), '.');
}

struct BadCase {
  const char* text;
  const char* sentence;
};

class BadConfigTest : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadConfigTest, IsRefusedWithASentence) {
  const std::string error = ErrorOf(Pbtxt(GetParam().text));
  EXPECT_THAT(error, HasSubstr(GetParam().sentence));
  EXPECT_EQ(error.back(), '.');
}

INSTANTIATE_TEST_SUITE_P(
    Configs, BadConfigTest,
    ::testing::Values(
        BadCase{"platform: 'onnxruntime_onnx'", "platform is 'onnxruntime_onnx'"},
        BadCase{"backend: 'python'", "backend is 'python'"},
        BadCase{"parameters { key: 'a' value { string_value: '\\377' } }", "is not UTF-8"},
        BadCase{"max_batch_size: -1", "max_batch_size must be 0 to"},
        BadCase{"input { dims: 1 }", "input[0].name must not be empty"},
        BadCase{"input { name: 'x' }", "input[0].dims must have a dimension"},
        BadCase{"input { name: 'x' dims: 1 } input { name: 'x' dims: 1 }", "is there twice"},
        BadCase{"input { name: 'x' data_type: TYPE_FP31 dims: 1 }", "TYPE_FP31"},
        BadCase{"input { name: 'x' dims: [4, -1] reshape { shape: [-1, 4] } }",
                "input[0].reshape.shape must hold as many"},
        BadCase{"output { name: 'x' dims: 1 label_filename: '../labels' }",
                "output[0].label_filename: '../labels' must be a path inside"},
        BadCase{"default_model_filename: '/etc/passwd'", "default_model_filename must be"},
        BadCase{"instance_group { count: -1 }", "instance_group[0].count must be"},
        BadCase{"instance_group { kind: KIND_CPU gpus: 0 }", "must be empty with KIND_CPU"},
        BadCase{"version_policy { latest { num_versions: 0 } }", "must be above 0"},
        BadCase{"version_policy { specific { } }", "must name a version"},
        BadCase{"max_batch_size: 4 dynamic_batching { preferred_batch_size: 8 }",
                "must be at most max_batch_size, 4"},
        BadCase{"dynamic_batching { priority_levels: 2 }", "default_priority_level must be 1 to 2"},
        BadCase{"dynamic_batching { default_priority_level: 2 }", "must be 0 without"},
        BadCase{"dynamic_batching { priority_levels: 2 default_priority_level: 1 "
                "preserve_ordering: true }",
                "at most 1 with preserve_ordering"},
        BadCase{"dynamic_batching { preserve_ordering: true "
                "default_queue_policy { timeout_action: DELAY } }",
                "must not be DELAY"},
        BadCase{"dynamic_batching { priority_queue_policy { key: 1 value { } } }", "names level 1"},
        BadCase{"model_warmup { name: 'w' }", "must name an input"},
        BadCase{"model_warmup { inputs { key: 'x' value { data_type: TYPE_FP32 dims: 1 } } }",
                "must have zero_data, random_data or input_data_file"},
        BadCase{"model_warmup { inputs { key: 'x' value { data_type: TYPE_FP32 dims: -1 "
                "zero_data: true } } }",
                "must say every size"},
        BadCase{"max_batch_size: 2 model_warmup { batch_size: 3 inputs { key: 'x' value { "
                "data_type: TYPE_FP32 dims: 1 zero_data: true } } }",
                "model_warmup[0].batch_size must be at most max_batch_size, 2"}));

TEST(ConfigFileTest, NamesWhatIsNotHonoured) {
  const auto parsed = Pbtxt(R"(
      input { name: "x" dims: 1 allow_ragged_batch: true }
      sequence_batching { }
      optimization { cuda { graphs: true } eager_batching: true }
      instance_group { passive: true secondary_devices { device_id: 1 } }
      cc_model_filenames { key: "7.5" value: "a.pt" }
      metric_tags { key: "a" value: "b" }
      model_transaction_policy { decoupled: true }
      batch_input { kind: BATCH_ELEMENT_COUNT }
      batch_output { target_name: "y" }
      model_metrics { })");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  std::string all;
  for (const std::string& warning : parsed->warnings) all += warning + "\n";
  for (const char* field :
       {"input[0].allow_ragged_batch", "sequence_batching", "optimization.cuda",
        "optimization.eager_batching", "instance_group[0].passive",
        "instance_group[0].secondary_devices", "cc_model_filenames", "metric_tags",
        "model_transaction_policy.decoupled", "batch_input", "batch_output", "model_metrics"}) {
    EXPECT_THAT(all, HasSubstr(std::string(field) + " has no effect: "));
  }
}

TEST(ConfigFileTest, ReadsTheOneFileThatIsThere) {
  const TempDirectory directory;
  const ConfigPlace place{"m", directory.path()};
  EXPECT_FALSE(ReadConfig(place)->has_value());
  directory.Write("config.json", R"({"max_batch_size": 3})");
  EXPECT_EQ((**ReadConfig(place)).config.max_batch_size, 3);
  directory.Write("config.pbtxt", "max_batch_size: 4");
  EXPECT_THAT(std::string(Message(ReadConfig(place).status())), HasSubstr("keep one"));
  std::filesystem::remove(directory / "config.json");
  EXPECT_EQ((**ReadConfig(place)).config.max_batch_size, 4);
}

TEST(ConfigFileTest, FollowsNoLinkOutOfTheDirectory) {
  const TempDirectory outside;
  const TempDirectory directory;
  std::filesystem::create_symlink(outside.Write("labels.txt", "secret"), directory / "labels.txt");
  const auto parsed =
      Pbtxt("output { name: 'y' dims: 1 label_filename: 'labels.txt' }", directory.path());
  EXPECT_THAT(ErrorOf(parsed), AllOf(HasSubstr("symbolic link"), Not(HasSubstr(outside.path()))));
  std::filesystem::create_symlink(outside.Write("c", ""), directory / "config.pbtxt");
  EXPECT_EQ(ReadConfig({"m", directory.path()}).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace flambeau
