#include "backend/torch/static_gate.h"

#include <algorithm>

#include "backend/fact_rules.h"
#include "backend/torch/gate_walker.h"

namespace flambeau {
namespace {

constexpr int kMaxRank = 6;
constexpr int kMaxGuesses = 2;  // arguments whose rank the code asks for

class Prover {
 public:
  Prover(const torch::jit::Graph& graph, const torch::jit::Module& module,
         const std::unordered_set<std::string>& assigned)
      : graph_(graph), module_(module), assigned_(assigned) {}

  // If control flow asks for the rank of an argument, every rank is tried: the proof then holds
  // from the rank on above which each is proven or always raises an exception.
  GateOutcome Prove(const Ranks& ranks, int guesses) {
    GateOutcome outcome = GateWalker(graph_, module_, assigned_, ranks).Walk();
    if (outcome.rank_of < 0 || ranks.count(outcome.rank_of) != 0) return outcome;
    if (guesses == kMaxGuesses) return outcome;
    const int argument = outcome.rank_of;
    GateOutcome best = outcome;
    bool proven = false;
    for (int rank = kMaxRank; rank >= 1; --rank) {
      Ranks guess = ranks;
      guess[argument] = rank;
      const GateOutcome tried = Prove(guess, guesses + 1);
      if (tried.raises) continue;
      if (tried.verdict != Verdict::kProven) {
        if (!proven) best = tried;
        break;
      }
      Merge(tried, argument, rank, proven, best);
      proven = true;
    }
    return best;
  }

 private:
  static void Merge(const GateOutcome& tried, int argument, int rank, bool proven,
                    GateOutcome& best) {
    const Ranks before = proven ? best.min_ranks : Ranks();
    best = tried;
    for (const auto& [other, least] : before) {
      int& mine = best.min_ranks[other];
      mine = std::max(mine, least);
    }
    best.min_ranks[argument] = rank;
  }

  const torch::jit::Graph& graph_;
  const torch::jit::Module& module_;
  const std::unordered_set<std::string>& assigned_;
};

bool TakesTensors(const MethodFacts& facts) {
  return std::any_of(facts.arguments.begin(), facts.arguments.end(),
                     [](const auto& argument) { return !ScalarDType(argument.kind).has_value(); });
}

// The argument that holds tensors inside, and must be there; those are never merged.
const ArgumentFact* HoldsTensors(const MethodFacts& facts) {
  const auto holds = [](const ArgumentFact& argument) {
    const bool holds_values = argument.kind != ValueKind::kTensor && !ScalarDType(argument.kind);
    return holds_values && !argument.optional && !argument.has_default &&
           argument.type.find("Tensor") != std::string::npos;
  };
  const auto found = std::find_if(facts.arguments.begin(), facts.arguments.end(), holds);
  return found == facts.arguments.end() ? nullptr : &*found;
}

}  // namespace

Proof ProveStatically(const torch::jit::Graph& graph, const torch::jit::Module& module,
                      const std::unordered_set<std::string>& assigned, const MethodFacts& facts) {
  Proof proof;
  if (!TakesTensors(facts)) {
    proof.reason = "The method takes no tensor, so there are no rows to merge.";
    return proof;
  }
  if (const ArgumentFact* argument = HoldsTensors(facts)) {
    proof.reason = "Argument '" + argument->name + "' holds tensors inside, which are not merged.";
    return proof;
  }
  Ranks ranks;
  for (size_t i = 0; i < facts.arguments.size(); ++i) {
    const TensorFact& tensor = facts.arguments[i].tensor;
    if (tensor.dims && !tensor.any_rank) {
      ranks[static_cast<int>(i)] = static_cast<int>(tensor.dims->size());
    }
  }
  const GateOutcome outcome = Prover(graph, module, assigned).Prove(ranks, 0);
  proof.verdict = outcome.verdict;
  proof.reason = outcome.reason;
  if (proof.verdict != Verdict::kProven) return proof;
  proof.reason.clear();
  proof.min_ranks.assign(facts.arguments.size(), 1);
  for (const auto& [argument, rank] : outcome.min_ranks) {
    int& least = proof.min_ranks[static_cast<size_t>(argument)];
    least = std::max(least, rank);
    proof.min_rank = std::max(proof.min_rank, rank);
  }
  return proof;
}

}  // namespace flambeau
