#include "repository/effective_config.h"

#include <gtest/gtest.h>

#include "backend/fake/fake_backend.h"

namespace flambeau {
namespace {

MethodFacts Signature(Verdict verdict = Verdict::kProven) {
  MethodFacts method = FakeFacts(5).methods[0];
  method.static_proof.verdict = verdict;
  TensorFact result;
  result.dtype = DType::kInt64;
  result.dims = Shape{-1};
  method.results = {{"output", result}};
  return method;
}

ModelConfig Effective(const ModelConfig& declared, const MethodFacts& signature) {
  return EffectiveConfig(declared, &signature, {"m", "cpu", 3, 16, 40, "net.pt"});
}

TEST(EffectiveConfigTest, ProvenMergingIsTheBatchSize) {
  const ModelConfig config = Effective({}, Signature());
  EXPECT_EQ(config.name, "m");
  EXPECT_EQ(config.platform, "pytorch_libtorch");
  EXPECT_EQ(config.backend, "pytorch");
  EXPECT_EQ(config.default_model_filename, "net.pt");
  EXPECT_EQ(config.max_batch_size, 16);
  ASSERT_EQ(config.inputs.size(), 1u);
  EXPECT_EQ(config.inputs[0].name, "x");
  EXPECT_EQ(config.inputs[0].dtype, DType::kFp32);
  EXPECT_EQ(config.inputs[0].dims, Shape({5}));
  ASSERT_EQ(config.outputs.size(), 1u);
  EXPECT_EQ(config.outputs[0].dims, Shape());
  ASSERT_EQ(config.instance_groups.size(), 1u);
  EXPECT_EQ(config.instance_groups[0].count, 3);
  EXPECT_EQ(config.instance_groups[0].kind, InstanceKind::kCpu);
  ASSERT_TRUE(config.dynamic_batching.has_value());
  EXPECT_EQ(config.dynamic_batching->max_queue_delay_us, 40u);
}

TEST(EffectiveConfigTest, OtherwiseShapesAreWhole) {
  const ModelConfig unproven = Effective({}, Signature(Verdict::kUnproven));
  EXPECT_EQ(unproven.max_batch_size, 0);
  EXPECT_EQ(unproven.inputs[0].dims, Shape({-1, 5}));
  EXPECT_FALSE(unproven.dynamic_batching.has_value());

  MethodFacts scalar = Signature();
  ArgumentFact flag;
  flag.name = "flag";
  flag.kind = ValueKind::kBool;
  flag.has_default = true;
  scalar.arguments.push_back(flag);
  const ModelConfig mixed = Effective({}, scalar);
  EXPECT_EQ(mixed.max_batch_size, 0);  // no batch dimension in `flag`
  EXPECT_EQ(mixed.inputs[1].dims, Shape({1}));
  EXPECT_EQ(mixed.inputs[1].dtype, DType::kBool);
  EXPECT_TRUE(mixed.inputs[1].optional);

  MethodFacts unknown = Signature();
  unknown.arguments[0].tensor = {};
  EXPECT_EQ(Effective({}, unknown).max_batch_size, 0);
  EXPECT_EQ(Effective({}, unknown).inputs[0].dims, Shape({-1}));
}

TEST(EffectiveConfigTest, DeclaredStaysAndIsCompleted) {
  ModelConfig declared;
  declared.max_batch_size = 4;
  declared.platform = "pytorch_torchscript";
  ConfigTensor input;
  input.name = "x";
  input.dims = {5};
  declared.inputs = {input};
  declared.parameters["a"] = "b";
  const ModelConfig config = Effective(declared, Signature(Verdict::kUnproven));
  EXPECT_EQ(config.max_batch_size, 4);
  EXPECT_EQ(config.platform, "pytorch_torchscript");
  EXPECT_EQ(config.inputs[0].dtype, DType::kFp32);
  EXPECT_EQ(config.inputs[0].dims, Shape({5}));
  EXPECT_EQ(config.parameters.at("a"), "b");
  EXPECT_FALSE(config.dynamic_batching.has_value());
}

}  // namespace
}  // namespace flambeau
