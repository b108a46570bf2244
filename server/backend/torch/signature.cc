#include "backend/torch/signature.h"

#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "backend/torch/argument_flow.h"
#include "backend/torch/claims.h"
#include "backend/torch/containers.h"
#include "backend/torch/demands.h"

namespace flambeau {
namespace {

using torch::jit::Block;
using torch::jit::Node;
using torch::jit::Value;

constexpr int kMaxRank = 6;

// What a walk takes for granted.
struct Assumed {
  std::map<size_t, int> ranks;      // of arguments
  std::map<size_t, int> min_ranks;  // the same, at least
};

class SignatureWalker {
 public:
  SignatureWalker(const torch::jit::Graph& graph, GraphConstants constants, const Assumed& assumed)
      : constants_(std::move(constants)), claims_(graph.inputs().size() - 1) {
    for (size_t i = 1; i < graph.inputs().size(); ++i) {
      ArgumentFlow flow;
      flow.argument = i - 1;
      if (const auto rank = assumed.ranks.find(i - 1); rank != assumed.ranks.end()) {
        flow.rank = flow.min_rank = rank->second;
      }
      if (const auto rank = assumed.min_ranks.find(i - 1); rank != assumed.min_ranks.end()) {
        flow.min_rank = std::max(flow.min_rank, rank->second);
      }
      Put(graph.inputs()[i], std::move(flow));
    }
    raises_ = Walk(graph.block());
  }

  const Claims& claims() const { return claims_; }
  // With what was assumed the method always raises an exception.
  bool raises() const { return raises_; }
  // Arguments whose rank the code asks for.
  const std::set<size_t>& ranks_asked() const { return ranks_asked_; }

 private:
  // True if it always ends in an exception.
  bool Walk(const Block* block) {
    for (const Node* node : block->nodes()) {
      if (node->kind() == c10::prim::RaiseException) return true;
      if (node->kind() == c10::prim::If) {
        if (VisitIf(node)) return true;
      } else if (node->kind() != c10::prim::Loop) {  // a body may never run
        Visit(node);
      }
    }
    return false;
  }

  bool VisitIf(const Node* node) {
    if (const Block* taken = constants_.TakenBlock(node)) {
      if (Walk(taken)) return true;
      Leave(node, taken, taken);
      return false;
    }
    const Block* then_block = node->blocks()[0];
    const Block* else_block = node->blocks()[1];
    const Claims before = claims_;
    const bool then_raises = Walk(then_block) || Fails(before);
    Claims after_then = std::exchange(claims_, before);
    const bool else_raises = Walk(else_block) || Fails(before);
    if (then_raises && else_raises) return true;
    if (else_raises) {
      claims_ = std::move(after_then);
    } else if (!then_raises) {
      Claims both = EitherClaims(after_then, claims_);
      KeepPresent(node, after_then, both);
      claims_ = std::move(both);
    }
    // The optimiser may hand the condition itself on, as "has returned".
    if (then_raises || else_raises) constants_.Set(node->input(0), c10::IValue(else_raises));
    Leave(node, then_raises ? else_block : then_block, else_raises ? then_block : else_block);
    return false;
  }

  // Has what was walked since `before` demands that no request can meet?
  bool Fails(const Claims& before) const {
    for (size_t i = 0; i < claims_.size(); ++i) {
      if (claims_[i].contradicted && !before[i].contradicted) return true;
    }
    return false;
  }

  // Where a branch runs only if an argument is there, its claims hold of that argument whenever
  // there is one to hold of.
  void KeepPresent(const Node* node, const Claims& after_then, Claims& both) {
    const Node* test = node->input(0)->node();
    const bool is = test->kind() == c10::aten::__is__;
    if (!is && test->kind() != c10::aten::__isnot__) return;
    for (const size_t side : {0, 1}) {
      const Value* other = test->input(1 - side);
      if (!constants_.IsNone(test->input(side)) || !IsMethodArgument(other)) {
        continue;
      }
      for (const ArgumentFlow& flow : At(other)) {
        both[flow.argument] = is ? claims_[flow.argument] : after_then[flow.argument];
      }
    }
  }

  // The outputs of an If, which are those of either block.
  void Leave(const Node* node, const Block* first, const Block* second) {
    for (size_t i = 0; i < node->outputs().size(); ++i) {
      const Value* a = first->outputs()[i];
      const Value* b = second->outputs()[i];
      Flows both = Join(At(a), At(b));
      if (!both.empty()) flows_.insert_or_assign(node->outputs()[i], std::move(both));
      containers_.Leave(node->outputs()[i], a, b);
      constants_.SetEither(node->outputs()[i], a, b);
    }
  }

  void Visit(const Node* node) {
    for (size_t i = 0; i < node->inputs().size(); ++i) {
      for (const ArgumentFlow& flow : Flows(At(node->input(i)))) Follow(node, i, flow);
      VisitElements(node, i);
    }
    containers_.Visit(node, constants_, flows_);
  }

  void Follow(const Node* node, size_t index, const ArgumentFlow& flow) {
    Demand(node, index, 0, flow, constants_, claims_[flow.argument]);
    if (node->kind() == c10::aten::dim || node->kind() == c10::aten::size) SetRank(node, flow);
    // Of several outputs only the first is of interest: a packed sequence's words.
    if (node->outputs().empty()) return;
    if (auto after = After(node, index, flow, constants_)) {
      Put(node->outputs()[0], *std::move(after));
    }
  }

  void VisitElements(const Node* node, size_t index) {
    const std::vector<Flows>* elements = containers_.Find(node->input(index));
    if (elements == nullptr) return;
    const std::string_view op = node->kind().toQualString();
    const bool joins = op == "aten::cat" || op == "aten::stack";
    for (size_t element = 0; element < elements->size(); ++element) {
      for (const ArgumentFlow& flow : Flows((*elements)[element])) {
        Demand(node, index, element, flow, constants_, claims_[flow.argument]);
        if (joins && index == 0) Put(node->output(), Joined(flow));
      }
    }
  }

  // x.dim(), len(x.shape): a constant if the rank is assumed.
  void SetRank(const Node* node, const ArgumentFlow& flow) {
    if (node->kind() == c10::aten::dim) return SetNumber(node->output(), flow);
    for (const torch::jit::Use& use : node->output()->uses()) {
      if (use.user->kind() == c10::aten::len) SetNumber(use.user->output(), flow);
    }
  }

  void SetNumber(const Value* number, const ArgumentFlow& flow) {
    if (flow.rank != ArgumentFlow::kUnknown) {
      constants_.Set(number, c10::IValue(static_cast<int64_t>(flow.rank)));
    } else if (flow.shape_known) {
      ranks_asked_.insert(flow.argument);
    }
  }

  const Flows& At(const Value* value) const { return FlowsAt(flows_, value); }

  // Of one argument a value has one flow: what holds of all ways to it.
  void Put(const Value* value, ArgumentFlow flow) {
    Flows& flows = flows_[value];
    for (ArgumentFlow& known : flows) {
      if (known.argument != flow.argument) continue;
      if (auto both = Join(known, flow)) known = *std::move(both);
      return;
    }
    flows.push_back(std::move(flow));
  }

  GraphConstants constants_;
  FlowMap flows_;
  Containers containers_;
  std::set<size_t> ranks_asked_;
  Claims claims_;
  bool raises_ = false;
};

// Walks a graph until nothing more can be learnt by taking for granted what is known.
class Inference {
 public:
  Inference(const torch::jit::Graph& graph, const torch::jit::Module& module,
            const std::unordered_set<std::string>& assigned)
      : graph_(graph), module_(module), assigned_(assigned) {
    const SignatureWalker first = Walk(known_);
    claims_ = first.claims();
    Learn();
    if (!known_.ranks.empty() || !known_.min_ranks.empty()) {
      const SignatureWalker second = Walk(known_);
      if (!second.raises()) claims_ = second.claims();
    }
    for (const size_t argument : first.ranks_asked()) TryRanks(argument);
  }

  const Claims& claims() const { return claims_; }

 private:
  SignatureWalker Walk(const Assumed& assumed) const {
    return {graph_, GraphConstants(graph_, module_, assigned_), assumed};
  }

  static bool Exact(const Claim& claim) {
    return claim.dims && !claim.any_rank && !claim.contradicted;
  }

  void Learn() {
    for (size_t i = 0; i < claims_.size(); ++i) {
      if (Exact(claims_[i])) known_.ranks[i] = static_cast<int>(claims_[i].dims->size());
      if (claims_[i].min_rank > 1) known_.min_ranks[i] = claims_[i].min_rank;
    }
  }

  // Where the code asks for a rank, each is tried: those that always raise an exception or want
  // what no request can give are not the argument's.
  void TryRanks(size_t argument) {
    if (known_.ranks.count(argument) != 0) return;
    std::vector<Claim> fit;
    Claims last;
    int rank_of_last = 0;
    for (int rank = 1; rank <= kMaxRank; ++rank) {
      Assumed assumed = known_;
      assumed.ranks[argument] = rank;
      const SignatureWalker walker = Walk(assumed);
      const Claim& claim = walker.claims()[argument];
      if (walker.raises() || claim.contradicted) continue;
      fit.push_back(claim);
      last = walker.claims();
      rank_of_last = rank;
    }
    if (fit.size() == 1) {
      claims_ = std::move(last);
      known_.ranks[argument] = rank_of_last;
      ClaimRank(rank_of_last, claims_[argument]);
    } else {
      claims_[argument] = AnyRankClaim(claims_[argument], fit);
    }
  }

  static void ClaimRank(int rank, Claim& claim) {
    if (claim.dims && !claim.any_rank) return;
    const std::optional<std::vector<int64_t>> before = std::exchange(claim.dims, std::nullopt);
    claim.dims = std::vector<int64_t>(static_cast<size_t>(rank), -1);
    if (before && rank > 1) claim.dims->back() = before->back();
    claim.any_rank = false;
    if (claim.dims_evidence.empty()) claim.dims_evidence = "aten::dim";
  }

  const torch::jit::Graph& graph_;
  const torch::jit::Module& module_;
  const std::unordered_set<std::string>& assigned_;
  Assumed known_;
  Claims claims_;
};

}  // namespace

void InferArguments(const torch::jit::Graph& graph, const torch::jit::Module& module,
                    const std::unordered_set<std::string>& assigned, MethodFacts& facts) {
  const Inference inference(graph, module, assigned);
  for (size_t i = 0; i < facts.arguments.size() && i < inference.claims().size(); ++i) {
    if (facts.arguments[i].kind == ValueKind::kTensor) {
      facts.arguments[i].tensor = ToFact(inference.claims()[i]);
    }
  }
}

}  // namespace flambeau
