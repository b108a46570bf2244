#include "spec/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace flambeau {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kWhole[] = R"({
  "description": "Handwritten digits.",
  "inputs": [{"name": "image", "datatype": "FP32", "dims": [-1, 1, 8, 8], "optional": false}],
  "outputs": [{"name": "digit", "datatype": "FP32", "dims": [-1, 3], "labels": ["0", "\u00e9", ""]}],
  "methods": {"embed": {"inputs": [{"name": "x"}]}},
  "examples": [ {"request": {"input": [1]}, "response": {"output": [2.50]}} ]
})";

ConfigTensor Declared(const std::string& name, Shape dims) {
  ConfigTensor tensor;
  tensor.name = name;
  tensor.dims = std::move(dims);
  return tensor;
}

std::string ErrorOf(const std::string& text) {
  const auto manifest = ParseManifest(text);
  EXPECT_EQ(manifest.status().code(), StatusCode::kInvalidArgument) << text;
  return std::string(Message(manifest.status()));
}

TEST(ManifestTest, ReadsEveryField) {
  const auto manifest = ParseManifest(kWhole);
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ(manifest->description, "Handwritten digits.");
  ASSERT_EQ(manifest->methods.size(), 2u);
  const MethodTensors& forward = manifest->methods.at("forward");
  ASSERT_EQ(forward.inputs.size(), 1u);
  EXPECT_EQ(forward.inputs[0].name, "image");
  EXPECT_EQ(forward.inputs[0].dtype, DType::kFp32);
  EXPECT_EQ(forward.inputs[0].dims, Shape({-1, 1, 8, 8}));
  ASSERT_EQ(forward.outputs.size(), 1u);
  EXPECT_THAT(forward.outputs[0].labels, ElementsAre("0", "\xc3\xa9", ""));
  EXPECT_EQ(manifest->methods.at("embed").inputs[0].name, "x");
  EXPECT_EQ(manifest->methods.at("embed").inputs[0].dims, Shape());
  EXPECT_EQ(manifest->examples,
            R"([ {"request": {"input": [1]}, "response": {"output": [2.50]}} ])");
  const auto empty = ParseManifest("{}");
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_EQ(*empty, Manifest());
}

TEST(ManifestTest, AMistakeIsNamedWithItsPlace) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "flambeau.json: "},
      {"[]", "flambeau.json: the text must be one JSON object."},
      {R"({"input": []})", "the key input is not known"},
      {R"({"inputs": {}})", "inputs must be"},
      {R"({"inputs": [{"nam": "x"}]})", "the key inputs[0].nam is not known"},
      {R"({"inputs": [{"name": "x"}, {"datatype": "FP32"}]})", "inputs[1] must have a name"},
      {R"({"inputs": [{"name": "x"}, {"name": "x"}]})", "inputs[1].name 'x' is there twice"},
      {R"({"inputs": [{"name": "x", "datatype": "float"}]})", "inputs[0].datatype is 'float'"},
      {R"({"inputs": [{"name": "x", "dims": [-1, 0]}]})", "inputs[0].dims[1] is 0"},
      {R"({"inputs": [{"name": "x", "dims": []}]})", "inputs[0].dims must have 1 to 64"},
      {R"({"inputs": [{"name": "x", "labels": []}]})", "the key inputs[0].labels is not known"},
      {R"({"outputs": [{"name": "y", "labels": [1]}]})", "outputs[0].labels"},
      {R"({"outputs": [{"name": "y", "labels": [["a"]]}]})", "must be a list of strings"},
      {R"({"outputs": [{"name": "y", "optional": true}]})", "outputs[0].optional is not known"},
      {R"({"methods": {"forward": {}}})", "methods.forward must be left out"},
      {R"({"methods": {"m": {"labels": []}}})", "the key methods.m.labels is not known"},
      {R"({"methods": {"m": {"outputs": [{"name": "y", "labels": ["a"]}]}}})",
       "only forward's outputs are classified"},
      {R"({"examples": {}})", "examples must be a list of examples"},
      {R"({"description": "a", "description": "b"})", "twice"},
      {R"({"description": "a"} {})", "text after its JSON value"},
  };
  for (const auto& [text, says] : cases) {
    const std::string error = ErrorOf(text);
    EXPECT_THAT(error, HasSubstr(says)) << text;
    EXPECT_EQ(error.back(), '.') << error;
  }
}

TEST(ManifestTest, AConfigurationBeatsIt) {
  const Manifest manifest = *ParseManifest(kWhole);
  ModelConfig alone;
  Complete(manifest, &alone);
  EXPECT_EQ(alone.inputs, manifest.methods.at("forward").inputs);
  EXPECT_EQ(alone.outputs, manifest.methods.at("forward").outputs);
  EXPECT_FALSE(alone.max_batch_size.has_value());

  ModelConfig declared;
  declared.inputs = {Declared("pixels", {-1, 64})};
  declared.outputs = {Declared("digit", {-1, 3})};
  Complete(manifest, &declared);
  EXPECT_EQ(declared.inputs[0].name, "pixels");
  EXPECT_THAT(declared.outputs[0].labels, ElementsAre("0", "\xc3\xa9", ""));
  declared.outputs[0].labels = {"its own"};
  Complete(manifest, &declared);
  EXPECT_THAT(declared.outputs[0].labels, ElementsAre("its own"));
}

TEST(ManifestTest, DimsLoseTheBatchWhereAConfigurationDeclaresOne) {
  ModelConfig config;
  config.max_batch_size = 4;
  Complete(*ParseManifest(kWhole), &config);
  EXPECT_EQ(config.inputs[0].dims, Shape({1, 8, 8}));
  EXPECT_EQ(config.outputs[0].dims, Shape({3}));
}

}  // namespace
}  // namespace flambeau
