#include "serving/server_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "serving/served_model.h"

namespace flambeau {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Pair;

// forward(x: FP32 [-1, 2] from the graph, y: unknown, flag: bool = False)
Facts ThreeArguments() {
  Facts facts = FakeFacts();
  facts.platform = "pytorch_torchscript";
  MethodFacts& method = facts.methods[0];
  method.arguments[0].tensor.dtype_source = FactSource::kGraph;
  method.arguments[0].tensor.dims_source = FactSource::kGraph;
  method.arguments.push_back({"y", "Tensor", ValueKind::kTensor, {}, false, false, "", {}});
  method.arguments.push_back({"flag", "bool", ValueKind::kBool, {}, false, true, "False", {}});
  method.static_proof = {Verdict::kRefused, "the model branches on its input"};
  return facts;
}

class ServerInfoTest : public ::testing::Test {
 protected:
  SystemClock clock_;
  std::unique_ptr<Metrics> metrics_ = Metrics::Create();
  std::unique_ptr<Log> log_ = Log::Silent();
  Gate gate_{Gate::Options{}, &clock_, log_.get(), metrics_.get()};
  ServedModel served_{ThreeArguments(), FakeScript{}, &clock_, metrics_.get()};
  ServerInfo info_{served_.repository(), &gate_};
};

TEST_F(ServerInfoTest, ServerTellsItsNameAndVersion) {
  const ServerMetadata metadata = info_.Server();
  EXPECT_EQ(metadata.name, "flambeau");
  EXPECT_EQ(metadata.version, ServerVersion());
  EXPECT_THAT(metadata.version, ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
}

TEST_F(ServerInfoTest, IsReadyUntilItDrains) {
  EXPECT_TRUE(info_.Ready());
  EXPECT_TRUE(*info_.ModelReady("m", ""));
  EXPECT_FALSE(*info_.ModelReady("broken", ""));
  EXPECT_EQ(info_.ModelReady("nobody", "").status().code(), StatusCode::kNotFound);
  gate_.BeginDrain();
  EXPECT_FALSE(info_.Ready());
  EXPECT_FALSE(*info_.ModelReady("m", ""));
}

TEST_F(ServerInfoTest, IsNotReadyWhileItLeavesThoughItAnswers) {
  info_.BeginLeaving();
  EXPECT_FALSE(info_.Ready());
  EXPECT_FALSE(*info_.ModelReady("m", ""));
  EXPECT_TRUE(info_.Live());
  EXPECT_TRUE(gate_.Admit({}).ok());
}

TEST_F(ServerInfoTest, MetadataMarksWhatIsUnknown) {
  const Result<ModelMetadata> metadata = info_.Model("m", "");
  ASSERT_TRUE(metadata.ok());
  EXPECT_EQ(metadata->name, "m");
  EXPECT_EQ(metadata->platform, "pytorch_libtorch");
  EXPECT_THAT(metadata->versions, ElementsAre("1"));
  ASSERT_EQ(metadata->inputs.size(), 3u);
  EXPECT_EQ(metadata->inputs[0].datatype, "FP32");
  EXPECT_THAT(metadata->inputs[0].shape, ElementsAre(-1, 2));
  EXPECT_EQ(metadata->inputs[1].datatype, "FP32");
  EXPECT_THAT(metadata->inputs[1].shape, ElementsAre(-1));
  EXPECT_EQ(metadata->inputs[2].datatype, "BOOL");
  EXPECT_THAT(metadata->inputs[2].shape, ElementsAre(1));
  const auto& properties = metadata->properties;
  EXPECT_THAT(properties, Contains(Pair("inputs.x.datatype", "graph")));
  EXPECT_THAT(properties, Contains(Pair("inputs.x.shape", "graph")));
  EXPECT_THAT(properties, Contains(Pair("inputs.y.datatype", "unknown")));
  EXPECT_THAT(properties, Contains(Pair("inputs.y.shape", "unknown")));
  EXPECT_THAT(properties, Contains(Pair("inputs.flag.type", "bool")));
  EXPECT_THAT(properties, Contains(Pair("inputs.flag.optional", "true")));
  EXPECT_THAT(properties, Contains(Pair("batching", "refused")));
  EXPECT_THAT(properties, Contains(Pair("batching.reason", "the model branches on its input")));
  EXPECT_EQ(info_.Model("m", "2").status().code(), StatusCode::kNotFound);
}

TEST_F(ServerInfoTest, TheIndexCanLeaveOutWhatIsNotReady) {
  EXPECT_EQ(info_.Index(false).size(), 2u);
  const std::vector<IndexEntry> ready = info_.Index(true);
  ASSERT_EQ(ready.size(), 1u);
  EXPECT_EQ(ready[0].name, "m");
}

}  // namespace
}  // namespace flambeau
