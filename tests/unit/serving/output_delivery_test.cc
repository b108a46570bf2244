#include "serving/output_delivery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "codec/convert.h"
#include "repository/declaration.h"

namespace flambeau {
namespace {

using testing::ElementsAre;

// A version with results and a configuration; never run.
class ConfiguredServable final : public Servable {
 public:
  const std::string& name() const override { return own_name; }
  int64_t version() const override { return 1; }
  const Facts& facts() const override { return own_facts; }
  int FindMethod(std::string_view) const override { return 0; }
  std::shared_ptr<const MethodFacts> signature(size_t) const override { return nullptr; }
  Scheduler& scheduler() override { std::abort(); }
  std::shared_ptr<const ModelConfig> config() const override { return own_config; }
  const Declaration* declaration(size_t) const override { return own_declaration.get(); }

  void Declare() {
    auto declaration = Declaration::Create(*own_config, own_facts.methods[0]);
    ASSERT_TRUE(declaration.ok()) << declaration.status();
    own_declaration = std::make_unique<Declaration>(*std::move(declaration));
  }

  std::string own_name = "m";
  Facts own_facts;
  std::shared_ptr<ModelConfig> own_config = std::make_shared<ModelConfig>();
  std::unique_ptr<Declaration> own_declaration;
};

RequestedOutput Classified(const std::string& name, int64_t count) {
  RequestedOutput output;
  output.name = name;
  output.classification = count;
  return output;
}

class OutputDeliveryTest : public ::testing::Test {
 protected:
  OutputDeliveryTest() {
    servable_.own_facts.methods.resize(1);
    servable_.own_facts.methods[0].results = {{"boxes", {}}, {"scores", {}}};
    servable_.own_config->outputs.resize(2);
    servable_.own_config->outputs[0].name = "OUTPUT__0";
    servable_.own_config->outputs[1].name = "OUTPUT__1";
    servable_.own_config->outputs[0].dims = servable_.own_config->outputs[1].dims = {-1, -1};
    servable_.own_config->outputs[1].labels = {"cat", "dog"};
    servable_.Declare();
  }
  // The classes of scores [[1, 3], [4, 2]] under `name`.
  std::vector<std::string> Classes(const std::string& name, Shape* shape = nullptr) {
    const auto delivery = OutputDelivery::Create({Classified(name, 1)}, servable_, memory_);
    EXPECT_TRUE(delivery.ok()) << delivery.status();
    Tensor scores = *Tensor::Allocate(DType::kInt64, {2, 2});
    const int64_t elements[] = {1, 3, 4, 2};
    std::memcpy(scores.mutable_data(), elements, sizeof(elements));
    InferResult result;
    result.outputs.push_back({name, scores});
    EXPECT_TRUE(delivery->Deliver(&result).ok());
    const auto texts = BytesElements(result.outputs[0].tensor);
    if (shape != nullptr) *shape = result.outputs[0].tensor.shape();
    return {texts->begin(), texts->end()};
  }

  ConfiguredServable servable_;
  SharedMemory memory_{{}};
};

TEST_F(OutputDeliveryTest, FindsLabelsByNameAndByPosition) {
  EXPECT_THAT(Classes("scores"), ElementsAre("3:1:dog", "4:0:cat"));
  EXPECT_THAT(Classes("OUTPUT__1"), ElementsAre("3:1:dog", "4:0:cat"));
  EXPECT_THAT(Classes("boxes"), ElementsAre("3:1", "4:0"));
  EXPECT_THAT(Classes("OUTPUT__0"), ElementsAre("3:1", "4:0"));
  servable_.own_config->outputs.clear();
  servable_.own_declaration.reset();
  EXPECT_THAT(Classes("scores"), ElementsAre("3:1", "4:0"));
}

TEST_F(OutputDeliveryTest, RowsAreAsDeclared) {
  Shape shape;
  servable_.own_config->max_batch_size = 1;  // of what is in effect: nobody declared it
  Classes("scores", &shape);
  EXPECT_THAT(shape, ElementsAre(2, 1));
  servable_.own_config->max_batch_size = 0;
  Classes("scores", &shape);
  EXPECT_THAT(shape, ElementsAre(2, 1));
  servable_.Declare();
  EXPECT_THAT(Classes("boxes", &shape), ElementsAre("4:2"));
  EXPECT_THAT(shape, ElementsAre(1));
  servable_.own_config->max_batch_size = 8;
  servable_.own_config->outputs[0].dims = servable_.own_config->outputs[1].dims = {-1};
  servable_.Declare();
  Classes("scores", &shape);
  EXPECT_THAT(shape, ElementsAre(2, 1));
}

TEST_F(OutputDeliveryTest, LeavesTheRestAlone) {
  const auto delivery =
      OutputDelivery::Create({{"boxes"}, Classified("scores", 1)}, servable_, memory_);
  ASSERT_TRUE(delivery.ok());
  InferResult result;
  result.outputs.push_back({"boxes", BytesScalar("a")});
  result.outputs.push_back({"scores", *Tensor::Allocate(DType::kInt64, {0})});
  ASSERT_TRUE(delivery->Deliver(&result).ok());
  EXPECT_THAT(result.outputs[0].tensor.shape(), ElementsAre(1));
  EXPECT_EQ(result.outputs[1].tensor.dtype(), DType::kBytes);
}

TEST_F(OutputDeliveryTest, RefusesBeforeTheRun) {
  RequestedOutput output = Classified("scores", 1);
  output.shared_memory = SharedMemoryPlace{"r", 0, 8};
  EXPECT_EQ(OutputDelivery::Create({output}, servable_, memory_).status().code(),
            StatusCode::kInvalidArgument);
  output.classification = 0;
  EXPECT_EQ(OutputDelivery::Create({output}, servable_, memory_).status().code(),
            StatusCode::kUnimplemented);
  SharedMemory::Options options;
  options.enabled = true;
  const SharedMemory enabled(options);
  EXPECT_EQ(OutputDelivery::Create({output}, servable_, enabled).status().code(),
            StatusCode::kNotFound);
}

}  // namespace
}  // namespace flambeau
