// Signatures from graphs, scored, and the static gate of the proof.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iostream>

#include "torch_cases.h"

namespace flambeau {
namespace {

using nlohmann::json;

std::shared_ptr<Model> Load(const std::string& name) {
  auto model = TorchBackend().Load(CasePath(name + ".pt"), LoadOptions{});
  EXPECT_TRUE(model.ok()) << name << ": " << model.status();
  return model.ok() ? *model : nullptr;
}

struct Score {
  int right = 0;
  int unknown = 0;
  int wrong = 0;

  // A claim that is absent is unknown; one that differs from the truth is wrong.
  void Count(const std::string& what, const json& claimed, const json& truth) {
    if (claimed == truth) {
      right += 1;
    } else if (claimed.is_null()) {
      unknown += 1;
      std::cout << "unknown: " << what << ", which is " << truth << "\n";
    } else {
      wrong += 1;
      ADD_FAILURE() << what << ": claimed " << claimed << ", but it is " << truth;
    }
  }
};

json DTypeClaim(const TensorFact& fact) {
  if (!fact.dtype) return nullptr;
  return std::string(Name(*fact.dtype));
}

json AcceptedClaim(const TensorFact& fact) {
  std::vector<std::string> names;
  for (const DType dtype : fact.accepted) names.emplace_back(Name(dtype));
  std::sort(names.begin(), names.end());
  return names;
}

json DimsClaim(const TensorFact& fact) {
  if (!fact.dims) return nullptr;
  return json{std::vector<int64_t>(fact.dims->begin(), fact.dims->end()), fact.any_rank};
}

// A claim of any rank is about the last dimension alone.
json DimsTruth(const TensorFact& fact, const json& truth) {
  if (truth["dims"].is_null()) return nullptr;
  if (fact.any_rank && fact.dims && fact.dims->back() == truth["dims"].back()) {
    return DimsClaim(fact);
  }
  return json{truth["dims"], truth["any_rank"]};
}

json LimitClaim(const TensorFact& fact) {
  return fact.index_limit ? json(*fact.index_limit) : json(nullptr);
}

void ScoreTensor(const std::string& what, const TensorFact& fact, const json& truth, bool argument,
                 Score& score) {
  score.Count(what + " datatype", DTypeClaim(fact), truth["dtype"]);
  score.Count(what + " dims", DimsClaim(fact), DimsTruth(fact, truth));
  if (!argument) return;
  const json accepted = AcceptedClaim(fact);
  score.Count(what + " accepted",
              accepted.empty() && !truth["accepted"].empty() ? json() : accepted,
              truth["accepted"]);
  score.Count(what + " index limit", LimitClaim(fact), truth["index_limit"]);
  EXPECT_EQ(fact.evidence.empty(), !fact.dtype && !fact.dims) << what;
}

TEST(TorchSignature, MakesNoWrongClaim) {
  Score score;
  for (const auto& entry : Cases()["signature"]) {
    auto model = Load(entry["model"]);
    ASSERT_NE(model, nullptr);
    const MethodFacts& facts = model->facts().methods[0];
    ASSERT_EQ(facts.arguments.size(), entry["arguments"].size()) << entry["model"];
    for (size_t i = 0; i < facts.arguments.size(); ++i) {
      const ArgumentFact& argument = facts.arguments[i];
      EXPECT_EQ(argument.name, entry["arguments"][i]["name"]);
      ScoreTensor(entry["model"].get<std::string>() + "." + argument.name, argument.tensor,
                  entry["arguments"][i], true, score);
    }
    for (size_t i = 0; i < entry["results"].size(); ++i) {
      ASSERT_LT(i, facts.results.size()) << entry["model"];
      EXPECT_EQ(facts.results[i].name, entry["results"][i]["name"]);
      ScoreTensor(entry["model"].get<std::string>() + " result", facts.results[i].tensor,
                  entry["results"][i], false, score);
    }
  }
  std::cout << "claims: " << score.right << " right, " << score.unknown << " unknown, "
            << score.wrong << " wrong\n";
  EXPECT_EQ(score.wrong, 0);
  EXPECT_LE(score.unknown, score.right / 10);
}

TEST(TorchSignature, KnowsTheDemoModels) {
  const TensorFact digits = Load("demo/digits")->facts().methods[0].arguments[0].tensor;
  EXPECT_EQ(digits.dtype, DType::kFp32);
  EXPECT_EQ(digits.dims, (Shape{-1, 1, -1, -1}));
  EXPECT_FALSE(digits.any_rank);
  EXPECT_EQ(digits.dims_source, FactSource::kGraph);
  EXPECT_EQ(digits.evidence.substr(0, 12), "aten::conv2d") << digits.evidence;
  const TensorFact resnet = Load("demo/resnet18")->facts().methods[0].arguments[0].tensor;
  EXPECT_EQ(resnet.dtype, DType::kFp32);
  EXPECT_EQ(resnet.dims, (Shape{-1, 3, -1, -1}));
  const TensorFact linear = Load("demo/linear")->facts().methods[0].arguments[0].tensor;
  EXPECT_EQ(linear.dims, (Shape{-1, 10}));
  EXPECT_TRUE(linear.any_rank);
  EXPECT_EQ(linear.evidence, "aten::linear, weight [5,10]");
  const MethodFacts control = Load("demo/control_flow")->facts().methods[0];
  EXPECT_EQ(control.arguments[0].tensor.dims, (Shape{-1, 8}));
  EXPECT_EQ(control.arguments[1].kind, ValueKind::kBool);
}

TEST(TorchSignature, DescribesArgumentsThatAreNoTensors) {
  const MethodFacts facts = Load("many_types")->facts().methods[0];
  ASSERT_EQ(facts.arguments.size(), 7u);
  EXPECT_EQ(facts.arguments[1].kind, ValueKind::kFloat);
  EXPECT_EQ(facts.arguments[2].kind, ValueKind::kInt);
  EXPECT_EQ(facts.arguments[3].kind, ValueKind::kString);
  EXPECT_EQ(facts.arguments[4].kind, ValueKind::kBool);
  EXPECT_TRUE(facts.arguments[5].optional);
  EXPECT_TRUE(facts.arguments[5].has_default);
  EXPECT_EQ(facts.arguments[5].type, "Optional[Tensor]");
  EXPECT_EQ(facts.arguments[6].default_text, "1");
  EXPECT_EQ(facts.result_type, "Dict[str, Tensor]");
}

TEST(TorchSignature, DescribesWhatListsDictsAndTuplesHold) {
  const MethodFacts facts = Load("parts")->facts().methods[0];
  ASSERT_EQ(facts.arguments.size(), 4u);
  const ArgumentFact& pair = facts.arguments[0];
  EXPECT_EQ(pair.kind, ValueKind::kTuple);
  EXPECT_EQ(pair.type, "Pair(first: Tensor, second: Tensor)");
  ASSERT_EQ(pair.elements.size(), 2u);
  EXPECT_EQ(pair.elements[1].name, "second");
  EXPECT_EQ(pair.elements[1].kind, ValueKind::kTensor);
  const ArgumentFact& groups = facts.arguments[1];
  EXPECT_EQ(groups.kind, ValueKind::kDict);
  EXPECT_EQ(groups.elements.at(0).type, "List[Tensor]");
  EXPECT_EQ(groups.elements.at(0).elements.at(0).kind, ValueKind::kTensor);
  const ArgumentFact& size = facts.arguments[2];
  ASSERT_EQ(size.elements.size(), 2u);
  EXPECT_EQ(size.elements[1].name, "");
  EXPECT_EQ(size.elements[1].kind, ValueKind::kInt);
  const ArgumentFact& names = facts.arguments[3];
  EXPECT_EQ(names.kind, ValueKind::kList);
  EXPECT_TRUE(names.optional && names.has_default);
  EXPECT_EQ(names.elements.at(0).kind, ValueKind::kString);
}

TEST(TorchSignature, TellsTheResultsThatTheTypeTells) {
  const auto results = Load("scalars")->facts().methods[0].results;
  ASSERT_EQ(results.size(), 4u);
  const std::array<DType, 4> types = {DType::kInt64, DType::kFp64, DType::kBytes, DType::kBool};
  for (size_t i = 0; i < types.size(); ++i) {
    EXPECT_EQ(results[i].name, "result[" + std::to_string(i) + "]");
    EXPECT_EQ(results[i].tensor.dtype, types[i]);
    EXPECT_EQ(results[i].tensor.dims, Shape{1});
  }
  const auto named = Load("named")->facts().methods[0].results;
  ASSERT_EQ(named.size(), 2u);
  EXPECT_EQ(named[1].name, "result.second");
  EXPECT_TRUE(Load("nested")->facts().methods[0].results.empty()) << "a list has what it holds";
}

TEST(TorchSignature, ListsTheMethodsForwardFirst) {
  const Facts facts = Load("twice")->facts();
  ASSERT_EQ(facts.methods.size(), 2u);
  EXPECT_EQ(facts.methods[0].name, "forward");
  EXPECT_EQ(facts.methods[1].name, "twice");
  EXPECT_NE(facts.methods[0].code.find("def forward"), std::string::npos);
  EXPECT_NE(facts.methods[0].graph.find("aten::mul"), std::string::npos);
}

class TorchGate : public testing::TestWithParam<size_t> {};

TEST_P(TorchGate, Decides) {
  const auto& entry = Cases()["gate"][GetParam()];
  auto model = Load(entry["model"]);
  ASSERT_NE(model, nullptr);
  const Proof& proof = model->facts().methods[0].static_proof;
  EXPECT_EQ(Name(proof.verdict), entry["verdict"].get<std::string>()) << proof.reason;
  EXPECT_NE(proof.reason.find(entry["says"].get<std::string>()), std::string::npos) << proof.reason;
  EXPECT_EQ(proof.reason.empty(), proof.verdict == Verdict::kProven);
  EXPECT_EQ(model->facts().writes_state, entry["writes_state"].get<bool>());
}

INSTANTIATE_TEST_SUITE_P(Models, TorchGate, testing::Range(size_t{0}, Cases()["gate"].size()),
                         [](const auto& info) {
                           return Cases()["gate"][info.param]["model"].template get<std::string>();
                         });

TEST(TorchGateDemo, ProvesTheDemoModels) {
  for (const char* name : {"digits", "linear", "mlp1000", "control_flow", "resnet18"}) {
    const Proof& proof = Load(std::string("demo/") + name)->facts().methods[0].static_proof;
    EXPECT_EQ(proof.verdict, Verdict::kProven) << name << ": " << proof.reason;
  }
}

}  // namespace
}  // namespace flambeau
