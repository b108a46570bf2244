#include "model_scores.h"

#include <fstream>
#include <memory>
#include <utility>

#include "batching/proof.h"
#include "batching/row_source.h"
#include "serving/binding.h"
#include "torch_cases.h"

namespace flambeau {
namespace {

using nlohmann::json;

void ScoreDType(const TensorFact& fact, const json& truth, ModelScore& score) {
  score.dtypes.known += 1;
  if (!fact.dtype) return;
  if (Name(*fact.dtype) == truth["dtype"].get<std::string>()) {
    score.dtypes.right += 1;
    return;
  }
  score.dtypes.wrong += 1;
  score.faults.push_back(truth["name"].get<std::string>() + " is " +
                         truth["dtype"].get<std::string>() + ", not " +
                         std::string(Name(*fact.dtype)));
}

// The claim of dimension `from_end` (0: the last), -1 if there is none.
int64_t ClaimedDim(const TensorFact& fact, size_t from_end) {
  if (!fact.dims || from_end >= fact.dims->size()) return -1;
  if (fact.any_rank && from_end != 0) return -1;
  return (*fact.dims)[fact.dims->size() - 1 - from_end];
}

void ScoreDims(const TensorFact& fact, const json& truth, ModelScore& score) {
  const auto dims =
      truth["dims"].is_null() ? std::vector<int64_t>() : truth["dims"].get<std::vector<int64_t>>();
  const bool rank_is_fixed = !dims.empty() && !truth["any_rank"].get<bool>();
  const bool claims_rank = fact.dims && !fact.any_rank;
  score.dims.known += rank_is_fixed ? 1 : 0;
  if (claims_rank && rank_is_fixed && fact.dims->size() == dims.size()) {
    score.dims.right += 1;
  } else if (claims_rank) {
    score.dims.wrong += 1;
    score.faults.push_back(truth["name"].get<std::string>() + " has another rank than " +
                           ToString(*fact.dims));
    return;
  }
  const size_t claimed = fact.dims ? fact.dims->size() : 0;
  for (size_t i = 0; i < std::max(dims.size(), claimed); ++i) {
    const int64_t actual = i < dims.size() ? dims[dims.size() - 1 - i] : -1;
    const int64_t claim = ClaimedDim(fact, i);
    score.dims.known += actual != -1 ? 1 : 0;
    score.dims.right += actual != -1 && claim == actual ? 1 : 0;
    if (claim == -1 || claim == actual) continue;
    score.dims.wrong += 1;
    score.faults.push_back(truth["name"].get<std::string>() + " has no dimension " +
                           std::to_string(claim));
  }
}

void ScoreSignature(const MethodFacts& facts, const json& truth, ModelScore& score) {
  size_t next = 0;
  for (const ArgumentFact& argument : facts.arguments) {
    if (argument.kind != ValueKind::kTensor || next >= truth.size()) continue;
    const json& entry = truth[next++];
    score.names.known += 1;
    score.names.right += argument.name == entry["name"].get<std::string>() ? 1 : 0;
    score.names.wrong += argument.name != entry["name"].get<std::string>() ? 1 : 0;
    ScoreDType(argument.tensor, entry, score);
    ScoreDims(argument.tensor, entry, score);
  }
  if (next != truth.size()) score.faults.push_back("another number of inputs");
}

bool IsList(const Value& value) { return std::holds_alternative<ValueList>(value.data); }

// A request that LibTorch answers must not be refused by what is claimed.
void ScoreRequest(const MethodFacts& facts, const std::vector<Value>& arguments,
                  ModelScore& score) {
  std::vector<NamedValue> inputs;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (IsList(arguments[i])) return;  // nothing is claimed of lists
    if (arguments[i].is_none()) continue;
    inputs.push_back({facts.arguments[i].name, arguments[i]});
  }
  const auto bound = BindArguments(facts, std::move(inputs));
  if (!bound.ok()) score.faults.push_back(std::string(Message(bound.status())));
}

// A proof that holds from some rank on is of use only to requests of that rank.
bool HoldsFor(const Proof& proof, const std::vector<Value>& request) {
  for (size_t i = 0; i < request.size() && i < proof.min_ranks.size(); ++i) {
    const Tensor* tensor = request[i].tensor();
    const auto least = static_cast<size_t>(proof.min_ranks[i]);
    if (tensor != nullptr && tensor->shape().size() < least) return false;
  }
  return true;
}

Proof ProveDynamically(Model& model, const std::vector<Value>& request) {
  auto rows = RowSource::FromRequest(model.facts().methods[0], request, 7);
  if (!rows) return {Verdict::kUnproven, "no rows can be made after this request"};
  auto probe = model.NewProbe();
  if (!probe.ok()) return {Verdict::kUnproven, std::string(Message(probe.status()))};
  return ProveRowsIndependent(**probe, 0, *rows, {}).proof;
}

ModelScore Score(const json& entry) {
  ModelScore score;
  score.name = entry["model"];
  score.group = entry["group"];
  score.batchable = entry["batchable"];
  score.why_not = entry["why"];
  const auto model = TorchBackend().Load(CasePath("corpus/" + score.name + ".pt"), LoadOptions{});
  if (!model.ok()) {
    score.faults.push_back("does not load: " + std::string(Message(model.status())));
    return score;
  }
  const MethodFacts& facts = (*model)->facts().methods[0];
  ScoreSignature(facts, entry["arguments"], score);
  for (const json& request : entry["requests"]) {
    ScoreRequest(facts, DecodeAll(request), score);
  }
  score.static_proof = facts.static_proof;
  if (!HoldsFor(score.static_proof, DecodeAll(entry["requests"][0]))) {
    score.static_proof = {Verdict::kUnproven,
                          "The proof holds for tensors of more dimensions only."};
  }
  score.dynamic_proof = ProveDynamically(**model, DecodeAll(entry["requests"][0]));
  return score;
}

json ToJson(const Tally& tally) {
  return {{"known", tally.known}, {"right", tally.right}, {"wrong", tally.wrong}};
}

json ToJson(const Proof& proof) {
  return {{"verdict", Name(proof.verdict)}, {"reason", proof.reason}};
}

}  // namespace

const std::vector<ModelScore>& ModelScores() {
  static const std::vector<ModelScore> scores = [] {
    std::vector<ModelScore> all;
    std::ifstream file(CasePath("corpus/corpus.json"));
    for (const json& entry : json::parse(file)) all.push_back(Score(entry));
    return all;
  }();
  return scores;
}

json ToJson(const ModelScore& score) {
  return {{"model", score.name},
          {"group", score.group},
          {"batchable", score.batchable},
          {"why_not", score.why_not},
          {"names", ToJson(score.names)},
          {"datatypes", ToJson(score.dtypes)},
          {"dims", ToJson(score.dims)},
          {"faults", score.faults},
          {"static", ToJson(score.static_proof)},
          {"dynamic", ToJson(score.dynamic_proof)},
          {"proven", score.proven()}};
}

}  // namespace flambeau
